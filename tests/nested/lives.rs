//! Three popular levels, called each second for hours on a moved clock.

use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Clock, cached};

use crate::world::{SECOND, on_clock};

/// What a computation costs, for early expiration.
const COST: Duration = Duration::from_millis(100);
const CALLS: u32 = 20_000;

/// When the lowest level was computed; each level takes a moment of its own.
#[cached(name = "lives_0", key = "lives:0", ttl = 300, skip(clock))]
async fn level_0(clock: &ManualClock) -> Duration {
    let made = clock.now();
    clock.advance(COST);
    made
}

#[cached(name = "lives_1", key = "lives:1", ttl = 300, skip(clock))]
async fn level_1(clock: &ManualClock) -> Duration {
    let made = level_0(clock).await;
    clock.advance(COST);
    made
}

#[cached(name = "lives_2", key = "lives:2", ttl = 300, skip(clock))]
async fn level_2(clock: &ManualClock) -> Duration {
    let made = level_1(clock).await;
    clock.advance(COST);
    made
}

/// The ages of one level's values.
#[derive(Debug, Clone, Copy, Default)]
struct Ages {
    oldest: Duration,
    sum: Duration,
}

impl Ages {
    fn add(&mut self, age: Duration) {
        self.oldest = self.oldest.max(age);
        self.sum += age;
    }

    fn mean(self) -> Duration {
        self.sum / CALLS
    }
}

/// The ages that calls of each level got, outermost first or innermost first.
async fn ages(outermost_first: bool, fault: Option<Fault>) -> [Ages; 3] {
    let (clock, cache) = on_clock(fault).await;
    let mut ages = [Ages::default(); 3];
    scope(cache, async {
        for _ in 0..CALLS {
            let mut order = [0, 1, 2];
            if outermost_first {
                order.reverse();
            }
            for level in order {
                let began = clock.now();
                let made = match level {
                    0 => level_0(&clock).await,
                    1 => level_1(&clock).await,
                    _ => level_2(&clock).await,
                };
                // What a computation makes after the call began is new.
                ages[level].add(began.saturating_sub(made));
            }
            clock.advance(SECOND);
        }
    })
    .await;
    ages
}

#[tokio::test]
async fn c6_three_levels_are_as_young_as_one() {
    for outermost_first in [false, true] {
        let ages = ages(outermost_first, None).await;
        let means = ages.map(Ages::mean);
        for of_level in ages {
            assert!(of_level.oldest <= 301 * SECOND, "{ages:?}");
        }
        // Early expiration of a level may come before that of the level below.
        for mean in means {
            assert!(mean <= means[0] * 11 / 10, "{means:?}");
        }
    }
}
