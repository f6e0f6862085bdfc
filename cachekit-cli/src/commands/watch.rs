//! `cachekit watch`.

use std::process::ExitCode;
use std::time::Duration;

use cachekit::{Cache, Watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::output::Output;
use crate::signals::interrupted;

/// Interval at which the command looks if messages arrive.
const LOOK: Duration = Duration::from_millis(250);

/// Prints invalidations until the command is interrupted.
pub(crate) async fn run(cache: &Cache, output: Output) -> ExitCode {
    tokio::select! {
        () = print(cache, output) => {}
        () = interrupted() => {}
    }
    ExitCode::SUCCESS
}

/// Prints invalidations until nobody reads any more. Says when some were missed.
async fn print(cache: &Cache, output: Output) {
    let mut watch = cache.watch();
    let mut arrival = Arrival::of(cache, &watch);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            seen = watch.next() => {
                let Some(seen) = seen else { return };
                if !output.print(&seen, format!("{seen}\n")) {
                    return;
                }
            }
            _ = looks.tick() => {
                let now = Arrival::of(cache, &watch);
                if let Some(text) = now.change_since(arrival) && !output.note(text) {
                    return;
                }
                arrival = now;
            }
        }
    }
}

/// The arrival of messages of other processes, at one moment.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    is_live: bool,
    /// Number of times that messages may have been lost.
    interruptions: u64,
    /// Number of messages that came faster than they were printed.
    missed: u64,
}

impl Arrival {
    fn of(cache: &Cache, watch: &Watch) -> Self {
        let redis = cache.stats().redis;
        Self {
            is_live: redis.is_bus_live,
            interruptions: redis.bus_interruptions,
            missed: watch.missed(),
        }
    }

    /// Returns in words what has changed since `earlier` for those who read.
    fn change_since(self, earlier: Self) -> Option<String> {
        if earlier.is_live && !self.is_live {
            return Some("messages of other processes do not arrive any more".to_owned());
        }
        if !earlier.is_live && self.is_live {
            return Some("messages arrive again; those in between were missed".to_owned());
        }
        let missed = self.missed.saturating_sub(earlier.missed);
        if missed > 0 {
            return Some(format!(
                "{missed} messages were missed: they came faster than they were printed"
            ));
        }
        (self.interruptions > earlier.interruptions)
            .then(|| "messages may have been missed: their connection was interrupted".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_is_told_once() {
        let before = Arrival {
            is_live: true,
            interruptions: 1,
            missed: 3,
        };
        let deaf = Arrival {
            is_live: false,
            ..before
        };
        let back = Arrival {
            interruptions: 2,
            ..before
        };
        let slow = Arrival {
            missed: 7,
            ..before
        };
        let said = |now: Arrival, earlier| now.change_since(earlier).unwrap_or_default();
        assert_eq!(said(before, before), "");
        assert_eq!(said(deaf, deaf), "");
        assert!(said(deaf, before).contains("do not arrive any more"));
        assert!(said(back, deaf).contains("arrive again"));
        assert!(said(back, before).contains("was interrupted"));
        assert!(said(slow, before).starts_with("4 messages were missed"));
    }
}
