//! A set of real servers with Sentinel: a master, two replicas, and three sentinels that watch it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports;
use crate::redis::process::{Failure, Process};
use crate::redis::{Client, Redis, Reply};

/// The name of the set.
pub const NAME: &str = "mymaster";

/// So many servers, and so many sentinels.
const COUNT: usize = 3;

const ATTEMPTS: usize = 20;

/// How long the set may take until all know of each other.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// A sentinel of its own, which is killed when it is dropped.
#[derive(Debug)]
pub struct Sentinel {
    // Before the folder: a server is gone before its files are.
    process: Mutex<Option<Process>>,
    port: u16,
    _folder: TempDir,
}

impl Sentinel {
    /// A sentinel that watches the server at `master`, with these lines in its settings besides.
    /// `{name}` in a line stands for the name of the set.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(master: SocketAddr, lines: &[String]) -> Self {
        Self::with(master, lines, &[])
    }

    /// As [`start`](Self::start), with arguments for the program.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn with(master: SocketAddr, lines: &[String], args: &[String]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cachekit-sentinel-")
            .tempdir();
        let folder = folder.expect("a temporary folder");
        let file = folder.path().join("sentinel.conf");
        let monitor = format!(
            "sentinel monitor {NAME} {} {} 2",
            master.ip(),
            master.port()
        );
        let lines = lines.iter().map(|line| line.replace("{name}", NAME));
        let text: Vec<String> = std::iter::once(monitor).chain(lines).collect();
        let args = [args, &["--sentinel".to_owned()]].concat();
        for _ in 0..ATTEMPTS {
            fs::write(&file, text.join("\n") + "\n").expect("a file");
            let port = ports::free();
            match Process::start_with(Some(&file), folder.path(), port, &args) {
                Ok(process) => {
                    return Self {
                        process: Mutex::new(Some(process)),
                        port,
                        _folder: folder,
                    };
                }
                Err(Failure::PortInUse) => {}
                Err(Failure::Other(why)) => panic!("{why}"),
            }
        }
        panic!("no free port in {ATTEMPTS} attempts");
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A new connection, as if from another program.
    ///
    /// # Panics
    ///
    /// If nothing listens.
    pub fn client(&self) -> Client {
        Client::connect(self.addr())
    }

    /// A field of what the sentinel says of the master.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn of_master(&self, field: &str) -> Option<String> {
        let Reply::List(parts) = self.client().run(&["SENTINEL", "MASTER", NAME]) else {
            return None;
        };
        let text = |reply: &Reply| match reply {
            Reply::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => format!("{other:?}"),
        };
        let mut pairs = parts.chunks_exact(2);
        pairs.find_map(|pair| (text(&pair[0]) == field).then(|| text(&pair[1])))
    }

    /// Where it says that the master is.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn master(&self) -> Option<SocketAddr> {
        let asked = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
        let Reply::List(parts) = self.client().run(&asked) else {
            return None;
        };
        let text = |reply: Option<&Reply>| match reply {
            Some(Reply::Bulk(bytes)) => String::from_utf8(bytes.clone()).ok(),
            _ => None,
        };
        let (host, port) = (text(parts.first())?, text(parts.get(1))?);
        format!("{host}:{port}").parse().ok()
    }

    /// Has it make a replica the master, as an operator does. Back when it has agreed or refused.
    ///
    /// # Panics
    ///
    /// If it does not answer.
    pub fn fail_over(&self) -> Reply {
        self.client().run(&["SENTINEL", "FAILOVER", NAME])
    }

    /// Stops it in the middle of what it does. Back when it stands.
    ///
    /// # Panics
    ///
    /// If it is down.
    pub fn freeze(&self) {
        self.running().as_ref().expect("it runs").freeze();
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    ///
    /// # Panics
    ///
    /// If it is down.
    pub fn thaw(&self) {
        self.running().as_ref().expect("it runs").thaw();
    }

    /// Kills it. It stays down.
    pub fn kill(&self) {
        self.running().take();
    }

    fn running(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Three servers and three sentinels. The first server is the master at the start.
#[derive(Debug)]
pub struct SentinelSet {
    /// The sentinels, which are gone before the servers.
    pub sentinels: Vec<Sentinel>,
    /// The servers.
    pub servers: Vec<Redis>,
}

/// What is special about a set.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Arguments of the servers.
    pub servers: &'a [&'a str],
    /// Lines in the settings of the sentinels.
    pub sentinels: &'a [&'a str],
    /// After so long without an answer a server is taken for dead, in milliseconds.
    pub down_after: u32,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            servers: &[],
            sentinels: &[],
            down_after: 1_000,
        }
    }
}

impl SentinelSet {
    /// A set with nothing special.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start() -> Self {
        Self::with(&Options::default())
    }

    /// A set whose servers and sentinels know of each other.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn with(options: &Options<'_>) -> Self {
        let servers = servers(options.servers, |master| master);
        let lines = lines(options);
        let master = servers[0].addr();
        let sentinels = (0..COUNT).map(|_| Sentinel::start(master, &lines));
        let set = Self {
            sentinels: sentinels.collect(),
            servers,
        };
        wait_until_complete(&set.sentinels);
        set
    }

    /// `redis+sentinel://..`, with all sentinels.
    pub fn url(&self) -> String {
        self.url_as("")
    }

    /// The same with a login, such as `user:password@`.
    pub fn url_as(&self, login: &str) -> String {
        url(&self.sentinels, login)
    }

    /// The number of the server that the sentinels take for the master, if they agree.
    pub fn master(&self) -> Option<usize> {
        let named = named(&self.sentinels)?;
        self.servers.iter().position(|it| it.addr() == named)
    }

    /// Has the sentinels make a replica the master, as an operator does. Back when one has agreed.
    ///
    /// # Panics
    ///
    /// If it refuses.
    pub fn fail_over(&self) {
        let reply = self.sentinels[0].fail_over();
        assert_eq!(reply, Reply::Text("OK".to_owned()));
    }
}

/// Waits until the sentinels know of each other and of both replicas.
///
/// # Panics
///
/// If they do not.
pub fn wait_until_complete(sentinels: &[Sentinel]) {
    let others = (COUNT - 1).to_string();
    let knows = |sentinel: &Sentinel, field: &str| {
        let count = sentinel.of_master(field);
        count.is_some_and(|count| count == others)
    };
    wait("the sentinels know of all", || {
        let mut all = sentinels.iter();
        all.all(|it| knows(it, "num-slaves") && knows(it, "num-other-sentinels"))
    });
}

/// Where all these sentinels say that the master is, if they agree.
///
/// # Panics
///
/// If one does not answer.
pub fn named(sentinels: &[Sentinel]) -> Option<SocketAddr> {
    let mut named = sentinels.iter().map(Sentinel::master);
    let first = named.next()??;
    named.all(|other| other == Some(first)).then_some(first)
}

/// A master and two replicas. `reach` says where the replicas reach the master, which is at the
/// address that `reach` is called with.
///
/// # Panics
///
/// If they do not start.
pub fn servers(args: &[&str], reach: impl FnOnce(SocketAddr) -> SocketAddr) -> Vec<Redis> {
    let quickly = [
        "--repl-diskless-sync-delay",
        "0",
        "--repl-ping-replica-period",
        "1",
    ];
    let args = [&quickly[..], args].concat();
    let first = Redis::with(&args);
    let mut servers = vec![first];
    let master = reach(servers[0].addr());
    servers.extend((1..COUNT).map(|_| replica(&args, master)));
    wait("the replicas follow", || {
        servers[1..].iter().all(|replica| follows(replica, &args))
    });
    servers
}

fn replica(args: &[&str], master: SocketAddr) -> Redis {
    let (host, port) = (master.ip().to_string(), master.port().to_string());
    Redis::with(&[args, &["--replicaof", &host, &port]].concat())
}

fn follows(replica: &Redis, args: &[&str]) -> bool {
    let mut client = replica.client();
    if let Some(at) = args.iter().position(|arg| *arg == "--requirepass") {
        client.run(&["AUTH", args[at + 1]]);
    }
    client
        .info("replication", "master_link_status")
        .is_some_and(|status| status == "up")
}

/// The lines of a sentinel's settings.
pub fn lines(options: &Options<'_>) -> Vec<String> {
    let mut lines = vec![
        format!(
            "sentinel down-after-milliseconds {NAME} {}",
            options.down_after
        ),
        format!("sentinel failover-timeout {NAME} 10000"),
    ];
    lines.extend(options.sentinels.iter().map(|&line| line.to_owned()));
    lines
}

/// `redis+sentinel://..` with these sentinels.
pub fn url<'a>(sentinels: impl IntoIterator<Item = &'a Sentinel>, login: &str) -> String {
    let hosts = sentinels.into_iter().map(|it| it.addr().to_string());
    let hosts: Vec<_> = hosts.collect();
    format!("redis+sentinel://{login}{}/{NAME}", hosts.join(","))
}

/// Waits until `is_true`.
///
/// # Panics
///
/// If it does not become so.
pub fn wait(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_true() {
        assert!(Instant::now() < deadline, "{what}: not in {PATIENCE:?}");
        thread::sleep(PAUSE);
    }
}
