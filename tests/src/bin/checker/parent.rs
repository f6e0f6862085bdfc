//! The parent: starts all processes, injects faults, collects the records and judges them.

mod child;
mod disruption;
mod history;
mod judge;
mod links;
mod masters;
mod report;
mod server;
mod servers;
mod table;
mod timeline;

use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cachekit_tests::proxy::Proxy;

use self::child::Child;
use self::disruption::Disruptions;
pub(crate) use self::disruption::{Disruption, disruptions, is_possible};
use self::history::History;
use self::judge::{Rules, Verdict};
use self::servers::Servers;
use self::table::Table;
use crate::args::{NodeSettings, Settings};

/// After the faults, so long in peace: what they left behind shows.
const PEACE: Duration = Duration::from_millis(1_500);

/// How often is judged where a violation is expected.
const JUDGED_EVERY: Duration = Duration::from_secs(1);

/// What all threads of the parent share.
struct World {
    servers: Servers,
    proxies: Vec<Proxy>,
    table: Arc<Table>,
    history: Arc<History>,
    disruptions: Disruptions,
    stopped: AtomicBool,
    /// Whether nodes tell one another what is invalid.
    bus: bool,
}

/// Runs the whole thing.
pub(crate) fn run(settings: &Settings) -> ExitCode {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let parent = listener.local_addr().expect("it listens");
    let servers = Servers::start(settings.topology);
    let world = Arc::new(World {
        proxies: servers.proxies(settings.nodes),
        servers,
        table: Arc::default(),
        history: Arc::default(),
        disruptions: Disruptions::new(settings),
        stopped: AtomicBool::new(false),
        bus: settings.bus,
    });
    println!("{}", report::opening(settings));
    let mut children: Vec<Child> = (0..settings.nodes)
        .map(|id| {
            let proxy = world.proxies.get(usize::from(id));
            Child::start(&NodeSettings {
                id,
                nodes: settings.nodes,
                parent,
                redis: world.servers.url(proxy),
                bus: settings.bus,
                broken: settings.broken,
                mix: settings.mix,
                seed: settings.seed,
            })
        })
        .collect();
    child::accept(&listener, &mut children, &world.table, &world.history);
    let verdict = observe(settings, &world, &mut children);
    report::print(settings, &world, &verdict);
    let enough = settings.broken.is_some() || report::is_enough(settings, &verdict);
    if verdict.violations.is_empty() && enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Lets the nodes call for a while, and judges what they got.
fn observe(settings: &Settings, world: &Arc<World>, children: &mut [Child]) -> Verdict {
    let rules = Rules::of(settings);
    world.history.start();
    for child in children.iter_mut() {
        child.order("go");
    }
    let injuring = injure(world, settings.seed);
    let end = Instant::now() + settings.length;
    while Instant::now() < end {
        thread::sleep(JUDGED_EVERY.min(end - Instant::now()));
        let expected = settings.broken.is_some();
        if expected && !judge::judge(world, rules).violations.is_empty() {
            break;
        }
    }
    world.stopped.store(true, Ordering::SeqCst);
    for thread in injuring {
        if thread.join().is_err() {
            world.history.problem("injecting faults failed".to_owned());
        }
    }
    world.proxies.iter().for_each(Proxy::heal);
    thread::sleep(PEACE);
    for child in children.iter_mut() {
        child.order("stop");
    }
    for child in children {
        if let Err(problem) = child.end() {
            world.history.problem(problem);
        }
    }
    judge::judge(world, rules)
}

/// Begins to inject faults.
fn injure(world: &Arc<World>, seed: u64) -> Vec<JoinHandle<()>> {
    let at_server = Arc::clone(world);
    let at_links = Arc::clone(world);
    let tidying = Arc::clone(world);
    vec![
        thread::spawn(move || server::injure(&at_server, seed)),
        thread::spawn(move || links::injure(&at_links, seed)),
        thread::spawn(move || links::tidy(&tidying)),
    ]
}

impl World {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Sleeps, but not past the end.
    fn sleep(&self, length: Duration) {
        let end = Instant::now() + length;
        while !self.is_stopped() && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            thread::sleep(left.min(Duration::from_millis(20)));
        }
    }
}
