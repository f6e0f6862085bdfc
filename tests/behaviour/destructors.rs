//! Values whose destructors use the cache, or panic. Wherever the cache drops a value, no lock is
//! held, and no call fails.

use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cachekit::testing::{Fault, ManualClock, scope};
use cachekit::{Cache, CacheBuilder, Capacity, Engine, Policy, cached, deferred, invalidates};
use cachekit_tests::{Gate, poll_once, settle};
use tokio::sync::Mutex;

use crate::spawn;

const ENGINES: [Engine; 2] = [Engine::Moka, Engine::QuickCache];

/// What a destructor does with the cache.
#[derive(Debug, Clone, Copy)]
enum Use {
    Function,
    AsyncFunction,
    Get,
    Put,
    Compute,
    Invalidate,
    InvalidateTag,
    Clear,
    Stats,
}

const ALL: [Use; 9] = [
    Use::Function,
    Use::AsyncFunction,
    Use::Get,
    Use::Put,
    Use::Compute,
    Use::Invalidate,
    Use::InvalidateTag,
    Use::Clear,
    Use::Stats,
];

#[cached(key = "helper:{n}", cache = cache, tier = memory)]
fn helper(cache: &Cache, n: u64) -> u64 {
    n
}

#[cached(key = "async helper:{n}", cache = cache, tier = memory)]
async fn async_helper(cache: &Cache, n: u64) -> u64 {
    n
}

#[derive(Debug)]
struct Nosy {
    cache: Cache,
    how: Use,
    n: u64,
}

impl Drop for Nosy {
    fn drop(&mut self) {
        let (cache, n) = (&self.cache, self.n % 3);
        let key = format!("nosy:{n}");
        let policy = Policy::new();
        let work = async {
            match self.how {
                Use::Function => drop(helper(cache, n)),
                Use::AsyncFunction => drop(async_helper(cache, n).await),
                Use::Get => drop(cache.get::<u64>("number").await),
                Use::Put => cache.put("number", n, &policy).await,
                Use::Compute => drop(cache.get_or_compute("number", &policy, async || n).await),
                Use::Invalidate => cache.invalidate(&key).await,
                Use::InvalidateTag => cache.invalidate_tags(["nosy"]).await,
                Use::Clear => cache.clear().await,
                Use::Stats => drop(cache.stats()),
            }
        };
        assert!(poll_once(pin!(work)).is_ready(), "it waits for nothing");
    }
}

#[cached(key = "nosy:{n}", cache = cache, skip(how), tier = memory)]
async fn nosy(cache: &Cache, how: Use, n: u64) -> Arc<Nosy> {
    Arc::new(Nosy {
        cache: cache.clone(),
        how,
        n,
    })
}

#[cached(key = "blocking nosy:{n}", cache = cache, skip(how), tier = memory)]
fn blocking_nosy(cache: &Cache, how: Use, n: u64) -> Arc<Nosy> {
    Arc::new(Nosy {
        cache: cache.clone(),
        how,
        n,
    })
}

fn seeded(builder: CacheBuilder, fault: Option<Fault>) -> CacheBuilder {
    match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    }
}

/// Whether more of them than there is room for come and go within `patience`.
fn come_and_go(engine: Engine, how: Use, fault: Option<Fault>, patience: Duration) -> bool {
    let (done, is_done) = mpsc::channel();
    // Not joined: without the guard it never ends.
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(async move {
            let capacity = Capacity::entries(100);
            let builder = Cache::builder().engine(engine).memory_capacity(capacity);
            let cache = seeded(builder, fault).build().await.expect("right");
            for n in 0..3_000 {
                nosy(&cache, how, n).await;
                blocking_nosy(&cache, how, n);
            }
            cache.clear().await;
            cache.stats();
            let _ = done.send(());
        });
    });
    is_done.recv_timeout(patience).is_ok()
}

#[test]
fn a_destructor_may_use_the_cache() {
    for engine in ENGINES {
        for how in ALL {
            let ended = come_and_go(engine, how, None, Duration::from_secs(60));
            assert!(ended, "{engine}, {how:?}");
        }
    }
}

#[test]
fn a_destructor_that_runs_inside_moka_hangs() {
    if std::env::var_os(CHILD).is_some() {
        let broken = Some(Fault::DropLocked);
        // moka may happen to drop no value inside of a call that holds a lock, so one attempt in some
        // ends.
        let attempt = || come_and_go(Engine::Moka, Use::Function, broken, Duration::from_secs(2));
        return assert!((0..5).any(|_| !attempt()));
    }
    // In a process of its own: what moka drops late it has any thread drop that uses it, and that
    // would hang as well.
    let this = std::env::current_exe().expect("a program");
    let run = Command::new(this)
        .args([
            "--exact",
            "destructors::a_destructor_that_runs_inside_moka_hangs",
        ])
        .env(CHILD, "1")
        .output()
        .expect("it runs");
    let output = String::from_utf8_lossy(&run.stdout);
    let is_seen = run.status.success() && output.contains("1 passed");
    assert!(is_seen, "{output}");
}

/// Set for that process.
const CHILD: &str = "CACHEKIT_DESTRUCTORS_CHILD";

/// Destructors that ran: on any thread, for what left moka is dropped by whoever calls it then.
static RAN: AtomicUsize = AtomicUsize::new(0);
/// So that those are the test's own.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Its destructor panics.
#[derive(Debug, Clone)]
struct Bomb(#[expect(dead_code, reason = "it is only dropped")] Arc<Charge>);

#[derive(Debug)]
struct Charge;

impl Bomb {
    fn new() -> Self {
        Self(Arc::new(Charge))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        RAN.fetch_add(1, Ordering::SeqCst);
        panic!("a destructor panicked");
    }
}

// What is stored by hand is `Cacheable`, which asks for these.
impl serde::Serialize for Bomb {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> serde::Deserialize<'de> for Bomb {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self::new())
    }
}

/// Also the error of a function whose callers share it.
#[cached(key = "bomb:{n}", skip(gate), tags = ["bombs"], store_if = n != 99, stale = 60, tier = memory)]
async fn bomb(gate: Gate, n: u64) -> Result<Bomb, Bomb> {
    gate.pass().await;
    if n == 98 {
        return Err(Bomb::new());
    }
    Ok(Bomb::new())
}

#[cached(key = "row:{n}", skip(source), tier = memory)]
async fn row(source: &AtomicUsize, n: u64) -> usize {
    source.load(Ordering::SeqCst)
}

#[invalidates(bomb(_, n), row(_, n), tags = ["rows"])]
async fn write(source: &AtomicUsize, n: u64) {
    source.store(2, Ordering::SeqCst);
}

fn open() -> Gate {
    let gate = Gate::new();
    gate.open_for_all();
    gate
}

/// Where a value dies in the cache.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Replaced,
    ReplacedByAnother,
    Evicted,
    OverAndComputedAgain,
    Removed,
    RemovedByTag,
    Cleared,
    RegionIsFull,
    RegionDeletes,
    FlightOfAValue,
    FlightOfAnError,
    Refresh,
    RefreshRefused,
    SeveralNames,
    Deferred,
    Shutdown,
}

const PLACES: [Place; 16] = [
    Place::Replaced,
    Place::ReplacedByAnother,
    Place::Evicted,
    Place::OverAndComputedAgain,
    Place::Removed,
    Place::RemovedByTag,
    Place::Cleared,
    Place::RegionIsFull,
    Place::RegionDeletes,
    Place::FlightOfAValue,
    Place::FlightOfAnError,
    Place::Refresh,
    Place::RefreshRefused,
    Place::SeveralNames,
    Place::Deferred,
    Place::Shutdown,
];

/// A call, which keeps nothing of what it is given: the cache has it.
async fn call(n: u64) {
    drop(bomb(open(), n).await.expect("a value"));
}

impl Place {
    async fn reach(self, cache: &Cache, clock: &ManualClock) {
        let policy = Policy::new();
        let region = cache.region::<Bomb>("region");
        if !matches!(self, Self::RegionIsFull | Self::RegionDeletes) {
            call(1).await;
        }
        match self {
            Self::Replaced => bomb::entry(1).put(Bomb::new()).await,
            Self::ReplacedByAnother => cache.put("bomb:1", Bomb::new(), &policy).await,
            Self::Evicted => evict(cache).await,
            Self::OverAndComputedAgain => {
                clock.advance(Duration::from_secs(10_000));
                call(1).await;
            }
            Self::Removed => bomb::entry(1).invalidate().await,
            Self::RemovedByTag => {
                cache.invalidate_tags(["bombs"]).await;
                call(1).await;
            }
            Self::Cleared => cache.clear().await,
            Self::RegionIsFull => {
                let region = region.capacity(Capacity::entries(10));
                for n in 0..100 {
                    region.set(n, Bomb::new()).await;
                }
            }
            Self::RegionDeletes => {
                region.set(1, Bomb::new()).await;
                region.delete(1).await;
            }
            Self::FlightOfAValue => leave_to_a_flight(99),
            Self::FlightOfAnError => leave_to_a_flight(98),
            Self::Refresh | Self::RefreshRefused => {
                clock.advance(Duration::from_secs(301));
                refresh(self == Self::RefreshRefused).await;
            }
            Self::SeveralNames | Self::Deferred => invalidate(self == Self::Deferred).await,
            Self::Shutdown => {
                assert!(cache.shutdown().await.is_complete());
                bomb::entry(1).invalidate().await;
            }
        }
    }
}

async fn evict(cache: &Cache) {
    for n in 0..90 {
        call(n).await;
    }
    for n in 0..500 {
        cache.put(&format!("number:{n}"), n, &Policy::new()).await;
        cache.get::<i32>(&format!("number:{n}")).await;
    }
}

/// Who waits is given up when the value, or the error, is there, and who computed it has dropped it.
fn leave_to_a_flight(n: u64) {
    let gate = Gate::new();
    let mut leader = Box::pin(bomb(gate.clone(), n));
    let mut waiter = Box::pin(bomb(open(), n));
    assert!(poll_once(leader.as_mut()).is_pending());
    assert!(poll_once(waiter.as_mut()).is_pending());
    gate.open();
    assert!(poll_once(leader.as_mut()).is_ready());
    drop(leader);
    drop(waiter);
}

async fn refresh(is_refused: bool) {
    let gate = Gate::new();
    drop(bomb(gate.clone(), 1).await.expect("the old one"));
    gate.arrived().await;
    if is_refused {
        bomb::entry(1).invalidate().await;
    }
    gate.open();
    settle().await;
}

/// The entry of a value, and another after it.
async fn invalidate(is_deferred: bool) {
    let source = AtomicUsize::new(1);
    row(&source, 1).await;
    if is_deferred {
        let writing = async {
            write(&source, 1).await;
            Ok::<_, ()>(())
        };
        deferred(writing).await.expect("it was");
    } else {
        write(&source, 1).await;
    }
    assert_eq!(row(&source, 1).await, 2, "no name is forgotten");
}

/// moka drops what left it some time later, in whatever call comes then.
async fn until_one_ran(cache: &Cache, before: usize) {
    for n in 0..10_000_u64 {
        if RAN.load(Ordering::SeqCst) > before {
            return;
        }
        let key = (n % 50).to_string();
        cache.put(&key, n, &Policy::new()).await;
        cache.stats();
    }
    panic!("the destructor never ran");
}

#[tokio::test]
async fn a_destructor_that_panics_fails_no_call() {
    let _alone = ONE_AT_A_TIME.lock().await;
    for engine in ENGINES {
        for place in PLACES {
            let before = RAN.load(Ordering::SeqCst);
            let clock = ManualClock::new();
            let builder = Cache::builder().engine(engine).clock(clock.clone());
            let builder = builder.memory_capacity(Capacity::entries(100));
            let cache = builder.build().await.expect("right");
            let reaching = {
                let cache = cache.clone();
                async move {
                    place.reach(&cache, &clock).await;
                    until_one_ran(&cache, before).await;
                }
            };
            let reached = spawn(&cache, reaching).await;
            assert!(reached.is_ok(), "{engine}, {place:?}: {reached:?}");
            let stats = cache.stats();
            let left = (stats.flights, stats.writes, stats.background.running);
            assert_eq!(left, (0, 0, 0), "{engine}, {place:?}");
            // What was computed for nobody dies in the work's own hands.
            let panicked = u64::from(place == Place::RefreshRefused);
            assert_eq!(stats.background.panicked, panicked, "{engine}, {place:?}");
            cache.put("after", 1, &Policy::new()).await;
            assert_eq!(cache.get("after").await, Some(1), "{engine}, {place:?}");
        }
    }
}

#[tokio::test]
async fn a_cache_that_is_dropped_drops_what_it_has() {
    let _alone = ONE_AT_A_TIME.lock().await;
    for engine in ENGINES {
        let before = RAN.load(Ordering::SeqCst);
        let cache = Cache::builder().engine(engine).build().await;
        let cache = cache.expect("right");
        scope(cache.clone(), async {
            for n in 0..10 {
                call(n).await;
            }
        })
        .await;
        drop(cache);
        let other = Cache::builder().build().await.expect("right");
        until_one_ran(&other, before).await;
    }
}
