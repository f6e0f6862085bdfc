//! The events of one cache in their order, for a test that records them.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::base::sync::Mutex;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::tags::{Label, Tag};

/// Start of the line of an invalidation.
pub(crate) const INVALIDATES: &str = "invalidates ";

/// Lines that one test reads, one for each event.
pub(crate) type Lines = Mutex<Vec<String>>;

/// The tests that record the events of one cache.
#[derive(Default)]
pub(crate) struct EventLog {
    readers: Mutex<Vec<Weak<Lines>>>,
}

impl EventLog {
    /// Returns a list that gets a line for each event from now on, until the list is dropped.
    pub(crate) fn read(&self) -> Arc<Lines> {
        let lines = Arc::default();
        self.readers.lock().push(Arc::downgrade(&lines));
        lines
    }

    /// Adds `targets`, which this cache invalidates, to the lines of each reader.
    pub(crate) fn invalidates(&self, targets: &InvalidationTargets) {
        self.add(|| lines_of(targets));
    }

    /// Adds the lines that `lines` makes to those of each reader. Without a reader, `lines` is not
    /// called.
    pub(crate) fn add(&self, lines: impl FnOnce() -> Vec<String>) {
        let mut readers = self.readers.lock();
        readers.retain(|reader| reader.strong_count() > 0);
        if readers.is_empty() {
            return;
        }
        let new = lines();
        for reader in readers.iter().filter_map(Weak::upgrade) {
            reader.lock().extend_from_slice(&new);
        }
    }
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog").finish_non_exhaustive()
    }
}

fn lines_of(targets: &InvalidationTargets) -> Vec<String> {
    let keys = targets.keys.iter().map(|key| {
        let key = String::from_utf8_lossy(key.as_bytes());
        format!("entry {key}")
    });
    let tags = targets.tags.iter().map(|tag: &Tag| match tag.label() {
        Label::Event(event) => format!("event {event}"),
        Label::Tag(text) => format!("tag {text}"),
    });
    let functions = targets
        .functions
        .iter()
        .map(|name| format!("function {name}"));
    let everything = targets.everything.then(|| "everything".to_owned());
    let names = keys.chain(tags).chain(functions).chain(everything);
    let end = match targets.mode {
        InvalidationMode::Hard => "",
        InvalidationMode::Soft => " (soft)",
    };
    names
        .map(|name| format!("{INVALIDATES}{name}{end}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_gone_is_forgotten() {
        let log = EventLog::default();
        let (stays, goes) = (log.read(), log.read());
        drop(goes);
        log.invalidates(&InvalidationTargets::function("f"));
        assert_eq!(*stays.lock(), ["invalidates function f"]);
        assert_eq!(log.readers.lock().len(), 1);
        drop(stays);
        log.invalidates(&InvalidationTargets::everything());
        assert_eq!(log.readers.lock().len(), 0);
    }
}
