//! Concurrent callers whose keys have equal texts: each gets its own value, or its own error.

use std::sync::mpsc::channel;
use std::thread;

use cachekit::testing::{Fault, scope};
use cachekit::{Cache, Capacity, Policy, cached};
use cachekit_tests::{Gate, settle};
use tokio::task::JoinHandle;

const KEY: &str = "shared:1";

type Answer = Result<Option<String>, String>;

/// What a computation waits for, and how it ends.
#[derive(Debug, Clone)]
struct Work {
    gate: Gate,
    fails: bool,
}

impl Work {
    fn new(fails: bool) -> Self {
        Self {
            gate: Gate::new(),
            fails,
        }
    }

    async fn run(self, whose: &str) -> Result<String, String> {
        self.gate.pass().await;
        if self.fails {
            return Err(format!("the error of {whose}"));
        }
        Ok(format!("the value of {whose}"))
    }
}

#[cached(key = "shared:{id}", skip(work))]
async fn function(work: Work, id: u64) -> Result<String, String> {
    assert_eq!(id, 1);
    work.run("Function").await
}

#[cached(key = "shared:{id}", skip(work), stale = 60)]
async fn another(work: Work, id: u64) -> Result<String, String> {
    assert_eq!(id, 1);
    work.run("Another").await
}

#[cached(key = "shared:{id}", cache = cache, skip(body), tier = memory)]
fn blocking(cache: &Cache, body: impl FnOnce() -> String, id: u64) -> String {
    assert_eq!(id, 1);
    body()
}

/// A way to reach what stands under [`KEY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Function,
    Another,
    Refreshed,
    Hand,
    Region,
    Roomy,
    // Those that compute nothing.
    Get,
    Entry,
    Lookup,
    Put,
    PutEntry,
    Set,
    Invalidate,
}

const COMPUTING: [Way; 6] = [
    Way::Function,
    Way::Another,
    Way::Refreshed,
    Way::Hand,
    Way::Region,
    Way::Roomy,
];
const OTHERS: [Way; 7] = [
    Way::Get,
    Way::Entry,
    Way::Lookup,
    Way::Put,
    Way::PutEntry,
    Way::Set,
    Way::Invalidate,
];

impl Way {
    /// Whose the value is.
    fn owner(self) -> &'static str {
        match self {
            Self::Function | Self::Refreshed | Self::Entry | Self::PutEntry => "Function",
            Self::Another => "Another",
            Self::Hand | Self::Get | Self::Put | Self::Invalidate => "Hand",
            Self::Region | Self::Roomy | Self::Lookup | Self::Set => "Region",
        }
    }

    fn own(self) -> String {
        format!("the value of {}", self.owner())
    }

    /// Whether its error can be given to others.
    fn can_fail(self) -> bool {
        !matches!(self, Self::Region | Self::Roomy)
    }

    async fn take(self, cache: Cache, work: Work) -> Answer {
        let policy = Policy::new();
        let whose = self.owner();
        let infallible = async |work: Work| work.run(whose).await.expect("it does not fail");
        match self {
            Self::Function => function(work, 1).await.map(Some),
            Self::Another => another(work, 1).await.map(Some),
            Self::Refreshed => function::refresh(work, 1).await.map(Some),
            Self::Hand => {
                let compute = || work.run(whose);
                cache
                    .try_get_or_compute(KEY, &policy, compute)
                    .await
                    .map(Some)
            }
            Self::Region | Self::Roomy => {
                let region = cache.region::<String>("shared");
                let region = if self == Self::Roomy {
                    // In memory of its own, with the flights of the cache.
                    region.capacity(Capacity::entries(10))
                } else {
                    region
                };
                Ok(Some(region.get_or_compute(1, || infallible(work)).await))
            }
            Self::Get => Ok(cache.get(KEY).await),
            Self::Entry => Ok(function::entry(1).get().await),
            Self::Lookup => Ok(cache.region("shared").get(1).await),
            Self::Put => {
                cache.put(KEY, self.own(), &policy).await;
                Ok(None)
            }
            Self::PutEntry => {
                function::entry(1).put(self.own()).await;
                Ok(None)
            }
            Self::Set => {
                cache.region("shared").set(1, self.own()).await;
                Ok(None)
            }
            Self::Invalidate => {
                cache.invalidate(KEY).await;
                Ok(None)
            }
        }
    }
}

/// A call of `way`, run until it waits.
async fn begin(way: Way, cache: &Cache, work: &Work) -> JoinHandle<Answer> {
    let task = scope(cache.clone(), way.take(cache.clone(), work.clone()));
    let task = tokio::spawn(task);
    settle().await;
    task
}

async fn cache(fault: Option<Fault>) -> Cache {
    let builder = Cache::builder();
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    builder.build().await.expect("the defaults are right")
}

/// Two calls that overlap; what went wrong, in words.
async fn meet(
    (first, fails): (Way, bool),
    second: Way,
    first_ends_first: bool,
    fault: Option<Fault>,
) -> Result<(), String> {
    let cache = cache(fault).await;
    let (one, two) = (Work::new(fails), Work::new(false));
    let calls = [
        begin(first, &cache, &one).await,
        begin(second, &cache, &two).await,
    ];
    let mut gates = [&one.gate, &two.gate];
    if !first_ends_first {
        gates.reverse();
    }
    for gate in gates {
        gate.open_for_all();
        settle().await;
    }
    let [got_first, got_second] = calls;
    let got_first = got_first.await.expect("it ends well");
    let got_second = got_second.await.expect("it ends well");
    let own_error = Err(format!("the error of {}", first.owner()));
    let joins = first.owner() == second.owner();
    let right_first = match &got_first {
        // Also where it fails and what another stored meanwhile is its own too.
        Ok(Some(value)) => *value == first.own() && (joins || !fails),
        _ => fails && got_first == own_error,
    };
    let right_second = match &got_second {
        Ok(Some(value)) => *value == second.own(),
        Ok(None) => !COMPUTING.contains(&second),
        // A caller of one function has the error of the one who computes.
        Err(_) => joins && got_second == own_error,
    };
    // And afterwards each has its own, or none.
    let mut is_right = right_first && right_second;
    for reader in [Way::Get, Way::Entry, Way::Lookup] {
        let read = scope(cache.clone(), reader.take(cache.clone(), two.clone())).await;
        is_right &= read.is_ok_and(|read| read.is_none_or(|read| read == reader.own()));
    }
    if is_right && cache.stats().flights == 0 {
        return Ok(());
    }
    Err(format!(
        "{first:?} (fails: {fails}), then {second:?}: {got_first:?} and {got_second:?}"
    ))
}

/// Every ordered pair in both orders of their ends, also with the first one failing.
async fn all_pairs(fault: Option<Fault>) -> Vec<String> {
    let mut wrong = vec![];
    for first in COMPUTING {
        for second in COMPUTING.into_iter().chain(OTHERS) {
            for fails in [false, true] {
                for first_ends_first in [true, false] {
                    if fails && !first.can_fail() {
                        continue;
                    }
                    let met = meet((first, fails), second, first_ends_first, fault).await;
                    wrong.extend(met.err());
                }
            }
        }
    }
    wrong
}

#[tokio::test(start_paused = true)]
async fn each_gets_its_own_whoever_computes_meanwhile() {
    let wrong = all_pairs(None).await;
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

#[tokio::test(start_paused = true)]
async fn a_flight_that_is_joined_by_whoever_has_its_key_gives_wrong_answers() {
    let wrong = all_pairs(Some(Fault::JoinAnother)).await;
    assert!(!wrong.is_empty());
}

/// A synchronous function computes on a thread while a task wants its key, and the other way round.
#[tokio::test]
async fn a_thread_and_a_task_get_their_own() {
    let cache = cache(None).await;
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = channel();
    let held = {
        let cache = cache.clone();
        let body = move || {
            began.send(()).expect("somebody waits");
            may_go_on.recv().expect("it is let go on");
            "the value of Blocking".to_owned()
        };
        thread::spawn(move || blocking(&cache, body, 1))
    };
    has_begun.await.expect("it begins");
    let work = Work::new(false);
    let task = begin(Way::Function, &cache, &work).await;
    assert_eq!(work.gate.waiting(), 1, "it waits for nobody else");
    // The task computes: on this thread another call of the synchronous one.
    let third = blocking(&cache, || "the value of Blocking".to_owned(), 1);
    work.gate.open();
    go_on.send(()).expect("it waits");
    assert_eq!(
        task.await.expect("it ends well"),
        Ok(Some(Way::Function.own()))
    );
    assert_eq!(held.join().expect("it ends well"), third);
    assert_eq!(cache.stats().lock_timeouts, 0);
}
