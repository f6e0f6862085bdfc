//! A real `redis-server`, started for one test and stopped with it.

mod client;
pub(crate) mod process;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::client::{Client, Reply};
use self::process::{Failure, Process};
pub use self::process::{PORT, product};
use crate::ports;

/// How often another port is tried, and how long the same one.
const ATTEMPTS: usize = 20;
const RESTART: Duration = Duration::from_secs(5);

/// A server of its own: a temporary folder, a loopback port and a unix socket. It keeps nothing
/// on disk unless told to. Dropped, it is killed, and its folder is removed.
#[derive(Debug)]
pub struct Redis {
    // Before the folder: a server is gone before its files are.
    process: Mutex<Option<Process>>,
    port: u16,
    args: Vec<String>,
    folder: TempDir,
}

impl Redis {
    /// A server with nothing special.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Has the server fail to save to its disk, so that it refuses all writes with `MISCONF`.
    ///
    /// # Panics
    ///
    /// If it saves all the same.
    pub fn fail_to_save(&self) {
        let file = self.folder.path().join("dump.rdb");
        std::fs::create_dir_all(file).expect("a folder in place of the file");
        let mut client = self.client();
        client.run(&["CONFIG", "SET", "save", "3600 1"]);
        client.run(&["BGSAVE"]);
        let status = |client: &mut Client| client.info("persistence", "rdb_last_bgsave_status");
        let start = Instant::now();
        while status(&mut client).as_deref() != Some("err") {
            assert!(start.elapsed() < RESTART, "it has saved");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Has the server take writes again after [`fail_to_save`](Self::fail_to_save).
    pub fn save_again(&self) {
        self.client().run(&["CONFIG", "SET", "save", ""]);
    }

    /// A server with these arguments too, which win over the usual ones.
    ///
    /// # Panics
    ///
    /// If it does not start: with what it wrote.
    pub fn with(args: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("cachekit-redis-").tempdir();
        let folder = folder.expect("a temporary folder");
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        for _ in 0..ATTEMPTS {
            let port = ports::free();
            match Process::start(folder.path(), port, &args) {
                Ok(process) => {
                    let process = Mutex::new(Some(process));
                    return Self {
                        process,
                        port,
                        args,
                        folder,
                    };
                }
                // Another process was faster.
                Err(Failure::PortInUse) => {}
                Err(Failure::Other(why)) => panic!("{why}"),
            }
        }
        panic!("no free port in {ATTEMPTS} attempts");
    }

    /// A Redis Cluster of one node, which has all slots.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn cluster() -> Self {
        let node = Self::cluster_node();
        let all = ["CLUSTER", "ADDSLOTSRANGE", "0", "16383"];
        assert_eq!(node.client().run(&all), Reply::Text("OK".to_owned()));
        node
    }

    /// A node of a Redis Cluster that has no slots and knows no other node.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn cluster_node() -> Self {
        let bus = ports::free().to_string();
        Self::with(&["--cluster-enabled", "yes", "--cluster-port", &bus])
    }

    /// `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `unix:///..`: the same server by its socket.
    pub fn socket_url(&self) -> String {
        let socket = process::socket(self.folder.path());
        format!("unix://{}", socket.display())
    }

    /// What it wrote since it was last started.
    pub fn log(&self) -> String {
        process::log(self.folder.path())
    }

    /// A new connection, as if from another program.
    ///
    /// # Panics
    ///
    /// If nothing listens.
    pub fn client(&self) -> Client {
        Client::connect(self.addr())
    }

    /// Stops it in the middle of what it does: it takes connections and bytes (the system does)
    /// and answers nothing. Back when it stands.
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

    /// Kills it: connections end, new ones are refused. It stays down.
    pub fn kill(&self) {
        self.running().take();
    }

    /// Starts it again on the same port and in the same folder; kills it first if it runs. It is
    /// empty then, unless its arguments made it write its data to disk.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&self) {
        let mut running = self.running();
        running.take();
        let deadline = Instant::now() + RESTART;
        *running = loop {
            match Process::start(self.folder.path(), self.port, &self.args) {
                Ok(process) => break Some(process),
                Err(Failure::PortInUse) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(50));
                }
                Err(Failure::PortInUse) => panic!("somebody took port {}", self.port),
                Err(Failure::Other(why)) => panic!("{why}"),
            }
        };
    }

    /// A test that failed with it locked still drops it.
    fn running(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
