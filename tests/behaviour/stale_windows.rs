//! The window of a stale value begins with the first soft invalidation after its computation,
//! whether or not a call read it then.
//!
//! Plays every sequence of four steps, and compares it with a model of ten lines.

use std::pin::Pin;
use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{Cache, cached};

use crate::stale::Moody;

/// Before each step, so that the window ends within the third.
const STEP: u64 = 25;
const WINDOW: u64 = 60;

#[cached(
    name = "windowed_row",
    key = "windowed:{id}",
    ttl = 10_000,
    stale_if_error = 60,
    tags = ["rows", "row:{ret}"],
    events = ["changed"],
    skip(moody)
)]
async fn row(moody: &Moody, id: u64) -> Result<u64, String> {
    moody.read().await.map(|value| value + id)
}

type Way = for<'a> fn(&'a Cache, bool) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Every kind of name, softly or not.
const WAYS: [(&str, Way); 6] = [
    ("tag", |cache, soft| {
        Box::pin(async move {
            if soft {
                cache.soft().invalidate_tags(["rows"]).await;
            } else {
                cache.invalidate_tags(["rows"]).await;
            }
        })
    }),
    ("tag of the value", |cache, soft| {
        Box::pin(async move {
            if soft {
                cache.soft().invalidate_tags(["row:3"]).await;
            } else {
                cache.invalidate_tags(["row:3"]).await;
            }
        })
    }),
    ("event", |cache, soft| {
        Box::pin(async move {
            if soft {
                cache.soft().emit("changed").await;
            } else {
                cache.emit("changed").await;
            }
        })
    }),
    ("function", |_, soft| {
        Box::pin(async move {
            if soft {
                row::expire_all().await;
            } else {
                row::invalidate_all().await;
            }
        })
    }),
    ("everything", |cache, soft| {
        Box::pin(async move {
            if soft {
                cache.soft().clear().await;
            } else {
                cache.clear().await;
            }
        })
    }),
    ("key", |cache, soft| {
        Box::pin(async move {
            if soft {
                cache.soft().invalidate("windowed:3").await;
            } else {
                cache.invalidate("windowed:3").await;
            }
        })
    }),
];

#[derive(Debug, Clone, Copy)]
enum Do {
    Soft,
    Hard,
    /// A call whose computation fails.
    Look,
    /// A call whose computation succeeds.
    Compute,
}

const STEPS: [Do; 4] = [Do::Soft, Do::Hard, Do::Look, Do::Compute];

/// What is there, in words of the promise.
#[derive(Debug, Clone, Copy)]
enum There {
    Nothing,
    Fresh,
    /// Since then, in seconds.
    Old(u64),
}

impl There {
    fn after(self, step: Do, now: u64) -> Self {
        match (step, self) {
            (Do::Soft, Self::Fresh) => Self::Old(now),
            (Do::Hard, _) => Self::Nothing,
            (Do::Compute, _) => Self::Fresh,
            (Do::Soft | Do::Look, there) => there,
        }
    }

    /// Whether a call whose computation fails gets a value.
    fn serves(self, now: u64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Fresh => true,
            Self::Old(since) => now < since + WINDOW,
        }
    }
}

async fn call(moody: &Moody, fails: bool) -> bool {
    moody.fail(fails);
    row(moody, 3).await.is_ok()
}

/// Plays `steps`, and says where a call got what it may not have, or did not get what it may.
async fn play(way: Way, steps: [Do; 4]) -> Option<String> {
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder().clock(clock.clone());
    let cache = builder.build().await.expect("a valid set-up");
    let moody = Moody::default();
    moody.source.gate.open_for_all();
    scope(cache.clone(), async {
        assert!(call(&moody, false).await);
        let (mut there, mut now) = (There::Fresh, 0);
        for (nth, step) in steps.into_iter().chain([Do::Look]).enumerate() {
            clock.advance(Duration::from_secs(STEP));
            now += STEP;
            there = there.after(step, now);
            let right = match step {
                Do::Soft | Do::Hard => {
                    way(&cache, matches!(step, Do::Soft)).await;
                    continue;
                }
                Do::Look => there.serves(now),
                Do::Compute => true,
            };
            let got = call(&moody, matches!(step, Do::Look)).await;
            if got != right {
                return Some(format!("{steps:?}: step {nth} got a value: {got}"));
            }
        }
        None
    })
    .await
}

#[tokio::test]
async fn it_begins_with_the_first_whoever_looked() {
    for (name, way) in WAYS {
        let mut wrong = vec![];
        for number in 0..256_usize {
            let steps = [0, 2, 4, 6].map(|shift| STEPS[number >> shift & 3]);
            wrong.extend(play(way, steps).await);
        }
        let first = wrong.first().map_or("", String::as_str);
        assert!(wrong.is_empty(), "{name}: {} of 256, {first}", wrong.len());
    }
}
