//! Refused commands: the log gets the first refusal of a command, but not each further refusal.

use std::collections::HashMap;
use std::time::Duration;

use redis::{Arg, Cmd};
use tokio::time::Instant;

use crate::base::sync::Mutex;
use crate::base::trace::redis_connection as trace;
use crate::store::redis::script::{Digests, Script};

/// The time without a refusal by Redis after which a further refusal of the same command is logged
/// again.
const QUIET: Duration = Duration::from_secs(60);

/// The largest number of remembered pairs of a refused command and its error code. The cache causes
/// fewer such pairs.
const MOST: usize = 64;

/// The time at which Redis last refused each command with each error code.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<(String, String), Instant>>);

impl Refusals {
    /// Records that Redis answered `command` with the error `code`. Logs the refusal if Redis did
    /// not refuse `command` with `code` within the last [`QUIET`].
    pub(crate) fn add(&self, command: String, code: &str) {
        let now = Instant::now();
        let what = (command, code.to_owned());
        let mut last = self.0.lock();
        if last.len() >= MOST && !last.contains_key(&what) {
            last.clear();
        }
        let before = last.insert(what.clone(), now);
        drop(last);
        if before.is_none_or(|before| now - before >= QUIET) {
            trace::redis_rejected(&what.0, code);
        }
    }
}

/// Returns the name of a command, with the name of the script for an `EVALSHA`. The keys and
/// arguments of the command are left out, because keys contain the arguments of cached functions.
pub(crate) fn name(command: &Cmd, digests: &Digests) -> String {
    let mut words = command.args_iter().filter_map(|word| match word {
        Arg::Simple(word) => Some(String::from_utf8_lossy(word).into_owned()),
        _ => None,
    });
    let name = words.next().unwrap_or_default();
    let script = words.next().and_then(|word| Script::named(digests, &word));
    match script.filter(|_| name == "EVALSHA") {
        Some(script) => format!("{name} ({script:?})"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_has_a_bound() {
        let refusals = Refusals::default();
        for number in 0..10 * MOST {
            refusals.add(number.to_string(), "ERR");
        }
        assert!(refusals.0.lock().len() <= MOST);
    }

    #[test]
    fn a_command_is_named_without_its_keys() {
        let digests: Digests = vec![(Script::Acquire, "abc".into())];
        let mut command = redis::cmd("UNLINK");
        command.arg("shop:k:secret");
        assert_eq!(name(&command, &digests), "UNLINK");
        let mut script = redis::cmd("EVALSHA");
        script.arg("abc").arg(1).arg("shop:k:secret");
        assert_eq!(name(&script, &digests), "EVALSHA (Acquire)");
    }
}
