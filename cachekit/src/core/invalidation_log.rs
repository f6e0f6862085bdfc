//! The invalidations of one cache, for a test that records them.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::base::sync::Mutex;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::Tag;

/// Lines that one test reads, one for each invalidated name.
pub(crate) type Lines = Mutex<Vec<String>>;

/// The tests that record the invalidations of one cache.
#[derive(Default)]
pub(crate) struct InvalidationLog {
    readers: Mutex<Vec<Weak<Lines>>>,
}

impl InvalidationLog {
    /// Returns a list that gets a line for each name that is invalidated from now on, until the
    /// list is dropped.
    pub(crate) fn read(&self) -> Arc<Lines> {
        let lines = Arc::default();
        self.readers.lock().push(Arc::downgrade(&lines));
        lines
    }

    /// Adds `targets`, which this cache invalidates, to the lines of each reader.
    pub(crate) fn add(&self, targets: &InvalidationTargets) {
        let mut readers = self.readers.lock();
        readers.retain(|reader| reader.strong_count() > 0);
        if readers.is_empty() {
            return;
        }
        let new = lines_of(targets);
        for reader in readers.iter().filter_map(Weak::upgrade) {
            reader.lock().extend_from_slice(&new);
        }
    }
}

impl fmt::Debug for InvalidationLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidationLog").finish_non_exhaustive()
    }
}

fn lines_of(targets: &InvalidationTargets) -> Vec<String> {
    let keys = targets.keys.iter().map(|key| {
        let key = String::from_utf8_lossy(key.as_bytes());
        format!("entry {key}")
    });
    let tags = targets.tags.iter().map(|tag: &Tag| match tag.parts() {
        (b"e:", event) => format!("event {event}"),
        (_, text) => format!("tag {text}"),
    });
    let functions = targets
        .functions
        .iter()
        .map(|name| format!("function {name}"));
    let everything = targets.everything.then(|| "everything".to_owned());
    let names = keys.chain(tags).chain(functions).chain(everything);
    match targets.mode {
        InvalidationMode::Hard => names.collect(),
        InvalidationMode::Soft => names.map(|name| name + " (soft)").collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_gone_is_forgotten() {
        let log = InvalidationLog::default();
        let (stays, goes) = (log.read(), log.read());
        drop(goes);
        log.add(&InvalidationTargets::function("f"));
        assert_eq!(*stays.lock(), ["function f"]);
        assert_eq!(log.readers.lock().len(), 1);
        drop(stays);
        log.add(&InvalidationTargets::everything());
        assert_eq!(log.readers.lock().len(), 0);
    }
}
