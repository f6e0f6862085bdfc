//! A node: a process with a cache.

mod first_reads;
pub(crate) mod functions;
mod nested_functions;
mod reading;
mod record;
mod soft_writes;
mod source;
mod stale_functions;
mod truth;
mod write_log;
mod writing;

use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cachekit::{Cache, Capacity, OnDisconnect, OnNewMaster, Region};
use cachekit_tests::scripts::Seed as _;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use self::record::Record;
use self::source::Row;
use self::truth::Truth;
use crate::args::NodeSettings;
use crate::cells::{CELLS, ROWS};
use crate::mix::Mix;
use crate::removed_guards;

/// The namespace of every node.
pub(crate) const NAMESPACE: &str = "checked";

/// The longest that a node may go on with what was invalidated elsewhere.
pub(crate) const BUS_TIMEOUT: Duration = Duration::from_millis(300);

/// The longest wait for another's computation.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_millis(300);

/// After the end, calls that run have so long to return.
const PATIENCE: Duration = Duration::from_secs(15);

/// What all calls of this process share.
struct Node {
    settings: NodeSettings,
    mix: Mix,
    truth: Truth,
    record: Record,
    cache: Cache,
    /// Two handles of one: from before its capacity was set, and from after.
    regions: [Region<Row>; 2],
    /// Rows that are stored by hand are written one after the other.
    turns: Vec<Mutex<()>>,
    stopped: AtomicBool,
    calls: AtomicU64,
}

static NODE: OnceLock<Node> = OnceLock::new();

/// This process's node: annotated functions are handed nothing.
fn node() -> &'static Node {
    NODE.get().expect("set before the first call")
}

/// Runs a node until its parent says otherwise.
pub(crate) fn run(settings: NodeSettings) -> ExitCode {
    let seed = settings.seed ^ u64::from(settings.id) << 32;
    let threads = AtomicU64::new(0);
    // A call that stands still between two steps keeps its thread.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(if settings.broken.is_some() { 16 } else { 2 })
        .on_thread_start(move || fastrand::seed(seed ^ threads.fetch_add(1, Ordering::Relaxed)))
        .enable_all()
        .build();
    match runtime.expect("a runtime").block_on(serve(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("node: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: NodeSettings) -> Result<(), Box<dyn std::error::Error>> {
    let truth = Truth::connect(settings.parent).await?;
    let stream = TcpStream::connect(settings.parent).await?;
    stream.set_nodelay(true)?;
    let (orders, told) = stream.into_split();
    // The first node has room for fewer entries than there are.
    let room = u64::from(CELLS) * if settings.id == 0 { 3 } else { 8 } / 4;
    let mut builder = Cache::builder()
        .namespace(NAMESPACE)
        .redis(&settings.redis)
        .memory_capacity(Capacity::entries(room))
        .lock_timeout(LOCK_TIMEOUT)
        .bus_timeout(BUS_TIMEOUT)
        .on_new_master(OnNewMaster::Clear)
        .__step_in(removed_guards::stumble);
    let mix = settings.mix();
    builder = if mix.serves_disconnected {
        // That Redis cannot be asked is not to be taken from a machine that is busy.
        builder.redis_timeout(Duration::from_secs(1))
    } else {
        // Any other choice lets memory serve, by design, what was invalidated elsewhere.
        builder.on_disconnect(OnDisconnect::Bypass)
    };
    if let Some(broken) = settings.broken {
        for fault in broken.of_node(settings.id) {
            builder = builder.seed(*fault);
        }
        builder = builder.__step_in(broken.step_in);
    }
    let cache = builder.build().await?;
    cachekit::init(cache.clone())?;
    let early = cache.region(functions::REGION);
    let late = cache.region(functions::REGION);
    let node = Node {
        regions: [early, late.capacity(Capacity::entries(6))],
        mix,
        turns: (0..CELLS).map(|_| Mutex::default()).collect(),
        record: Record::new(settings.id),
        settings,
        truth,
        cache,
        stopped: AtomicBool::new(false),
        calls: AtomicU64::new(0),
    };
    assert!(NODE.set(node).is_ok(), "one node in a process");
    let mut telling = tokio::spawn(self::node().record.tell(told));
    let mut orders = BufReader::new(orders);
    ordered(&mut orders, "go").await;
    let calls = start();
    tokio::spawn(self::node().record.watch(&self::node().cache));
    ordered(&mut orders, "stop").await;
    stop(calls).await;
    (&mut telling).await?;
    Ok(())
}

/// Waits for an order. Without a parent there is nothing to do.
async fn ordered(orders: &mut BufReader<OwnedReadHalf>, what: &str) {
    let mut line = String::new();
    if !matches!(orders.read_line(&mut line).await, Ok(1..)) || line.trim() != what {
        std::process::exit(3);
    }
}

fn start() -> JoinSet<()> {
    let node = node();
    let mut calls = JoinSet::new();
    for n in 0..node.mix.readers {
        calls.spawn(reading::read_on(n));
    }
    for n in 0..node.mix.writers {
        calls.spawn(writing::write_on(n));
    }
    let first = if node.mix.first_reads { ROWS } else { 0 };
    for row in 0..first {
        calls.spawn(first_reads::go_on(row));
    }
    calls
}

/// Lets running calls return, and tells which did not.
async fn stop(mut calls: JoinSet<()>) {
    let node = node();
    node.stopped.store(true, Ordering::SeqCst);
    let all = async {
        while let Some(ended) = calls.join_next().await {
            if let Err(error) = ended {
                node.record.problem(&format!("a caller failed: {error}"));
            }
        }
    };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        let lost = node.calls.load(Ordering::SeqCst);
        let problem = format!("{lost} calls did not return within {PATIENCE:?} of the end");
        node.record.problem(&problem);
    }
    node.record.end(&node.cache).await;
}

impl Node {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Counts a call for as long as it runs.
    fn calling(&self) -> Calling<'_> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Calling(&self.calls)
    }
}

struct Calling<'a>(&'a AtomicU64);

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Sleeps for up to so many milliseconds.
async fn pause(longest: u64) {
    let micros = fastrand::u64(..=longest * 1_000);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}
