//! A Redis Cluster of three masters for tests.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use redis::{Connection, Value};

/// The number of masters.
const MASTERS: usize = 3;

/// The number of attempts to start a server, in case that other processes take its ports.
const ATTEMPTS: usize = 10;

/// The remedy if no server starts.
const MISSING: &str = "redis-server 7.0 or newer starts: install Debian's package `redis-server`";

/// The time within which a server must listen.
const START: Duration = Duration::from_secs(10);

/// The time within which the masters must agree.
const PATIENCE: Duration = Duration::from_secs(30);

/// Three masters, each with a third of the slots.
pub(crate) struct Masters {
    ports: Vec<u16>,
    /// The port of the first master for other masters.
    first_bus: u16,
    processes: Vec<Child>,
}

/// Returns the cluster, which is started at its first use. Its servers end with this process, because
/// they read its standard input.
pub(crate) fn masters() -> &'static Masters {
    static MASTERS: LazyLock<Masters> = LazyLock::new(Masters::start);
    &MASTERS
}

impl Masters {
    pub(crate) fn start() -> Self {
        let folder = format!("cachekit-{}-{:x}", std::process::id(), fastrand::u64(..));
        let folder = std::env::temp_dir().join(folder);
        let (mut ports, mut buses, mut processes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ATTEMPTS {
            if ports.len() == MASTERS {
                break;
            }
            if let Some(([port, bus], process)) =
                start_one(&folder.join(ports.len().to_string()), "yes")
            {
                ports.push(port);
                buses.push(bus);
                processes.push(process);
            }
        }
        assert_eq!(ports.len(), MASTERS, "{MISSING}");
        let masters = Self {
            ports,
            first_bus: buses[0],
            processes,
        };
        masters.join();
        masters
    }

    /// Starts one server that is no node of a cluster.
    pub(crate) fn single() -> Self {
        let folder = format!("cachekit-{}-{:x}", std::process::id(), fastrand::u64(..));
        let folder = std::env::temp_dir().join(folder);
        let started = (0..ATTEMPTS).find_map(|_| start_one(&folder, "no"));
        let ([port, bus], process) = started.expect(MISSING);
        Self {
            ports: vec![port],
            first_bus: bus,
            processes: vec![process],
        }
    }

    pub(crate) fn port(&self, number: usize) -> u16 {
        self.ports[number]
    }

    /// Returns the address of the cluster.
    pub(crate) fn url(&self) -> String {
        let hosts: Vec<_> = self
            .ports
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// Runs a command on one master, and returns the answer as a text.
    pub(crate) fn text(&self, number: usize, words: &[&[u8]]) -> String {
        let answer = self.answer(number, words);
        redis::from_redis_value(answer).expect("a text")
    }

    /// Runs a command on one master, and returns the answer as a number.
    pub(crate) fn number(&self, number: usize, words: &[&[u8]]) -> i64 {
        let answer = self.answer(number, words);
        redis::from_redis_value(answer).expect("a number")
    }

    /// Has one master answer no command that may write, until [`go_on`](Self::go_on).
    pub(crate) fn pause(&self, number: usize) {
        let words: [&[u8]; 4] = [b"CLIENT", b"PAUSE", b"600000", b"WRITE"];
        assert_eq!(self.text(number, &words), "OK");
    }

    pub(crate) fn go_on(&self, number: usize) {
        assert_eq!(self.text(number, &[b"CLIENT", b"UNPAUSE"]), "OK");
    }

    /// Runs a command on the master that gets the slot of its name.
    pub(crate) fn ask(&self, number: usize, words: &[&[u8]]) {
        let mut commands = redis::pipe();
        commands.cmd("ASKING").ignore().add_command({
            let mut command = redis::Cmd::new();
            for word in words {
                command.arg(*word);
            }
            command
        });
        let done = commands.query::<Value>(&mut self.connection(number));
        done.expect("an answer");
    }

    /// Ends one master.
    pub(crate) fn stop(&self, number: usize) {
        let mut command = redis::cmd("SHUTDOWN");
        // The server answers only if it goes on.
        let ended = command
            .arg("NOSAVE")
            .query::<()>(&mut self.connection(number));
        assert!(ended.is_err(), "it goes on");
    }

    fn answer(&self, number: usize, words: &[&[u8]]) -> Value {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        let answer = command.query(&mut self.connection(number));
        answer.unwrap_or_else(|error| panic!("{}: {error}", words[0].escape_ascii()))
    }

    /// Returns a new connection to one master.
    fn connection(&self, number: usize) -> Connection {
        let url = format!("redis://127.0.0.1:{}", self.ports[number]);
        let client = redis::Client::open(url).expect("an address");
        client.get_connection().expect("it listens")
    }

    /// Gives each master its slots, and waits until all of them know all.
    fn join(&self) {
        for number in 0..MASTERS {
            let mut connection = self.connection(number);
            let mut run = |words: &[&str]| run(&mut connection, words);
            let (first, last) = slots(number);
            let (first, last) = (first.to_string(), last.to_string());
            run(&["ADDSLOTSRANGE", &first, &last]);
            run(&["SET-CONFIG-EPOCH", &(number + 1).to_string()]);
            if number > 0 {
                run(&[
                    "MEET",
                    "127.0.0.1",
                    &self.ports[0].to_string(),
                    &self.first_bus.to_string(),
                ]);
            }
        }
        let start = Instant::now();
        for number in 0..MASTERS {
            let mut connection = self.connection(number);
            loop {
                let info = run(&mut connection, &["INFO"]);
                let is_ready = info.contains("cluster_state:ok")
                    && info.contains(&format!("cluster_known_nodes:{MASTERS}"));
                if is_ready {
                    break;
                }
                assert!(
                    start.elapsed() < PATIENCE,
                    "the masters do not agree: {info}"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// Returns the number of the master that has `slot` at the start.
pub(crate) fn owner(slot: u16) -> usize {
    let has = |number: &usize| (slots(*number).0..=slots(*number).1).contains(&usize::from(slot));
    (0..MASTERS).find(has).expect("every slot has a master")
}

/// Returns the first and the last slot of a master.
fn slots(number: usize) -> (usize, usize) {
    let start = |number: usize| number * 16_384 / MASTERS;
    (start(number), start(number + 1) - 1)
}

fn run(connection: &mut Connection, words: &[&str]) -> String {
    let mut command = redis::cmd("CLUSTER");
    for word in words {
        command.arg(word);
    }
    let answer: Value = command.query(connection).expect("an answer");
    redis::from_redis_value(answer).expect("a text")
}

/// Starts a server in `folder`. Returns `None` if another process took a port meanwhile.
fn start_one(folder: &Path, in_cluster: &str) -> Option<([u16; 2], Child)> {
    std::fs::create_dir_all(folder).expect("a folder");
    let program = std::env::var_os("CACHEKIT_REDIS_SERVER");
    let program = program.unwrap_or_else(|| "redis-server".into());
    let [port, bus] = [free_port(), free_port()];
    // A shell holds the pipe whose other end this process has. It stops the server and removes its
    // folder when the pipe is closed.
    let script = "folder=$1; shift; \"$@\" & read -r _; kill $!; wait $!; rm -rf \"$folder\"";
    let mut process = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder)
        .arg(program)
        .args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--cluster-enabled",
            in_cluster,
            "--enable-debug-command",
            "yes",
        ])
        .args(["--cluster-node-timeout", "10000", "--dir"])
        .arg(folder)
        .args([
            "--port",
            &port.to_string(),
            "--cluster-port",
            &bus.to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("a shell");
    let start = Instant::now();
    while start.elapsed() < START {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() && is_in(folder, port) {
            return Some(([port, bus], process));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(process.stdin.take());
    let _ = process.wait();
    None
}

/// Returns `true` if the server at `port` is the one with this folder.
fn is_in(folder: &Path, port: u16) -> bool {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("an address");
    let asked = client.get_connection().and_then(|mut connection| {
        let mut ask = redis::cmd("CONFIG");
        ask.arg("GET")
            .arg("dir")
            .query::<Vec<String>>(&mut connection)
    });
    asked.is_ok_and(|answer| answer.last().is_some_and(|dir| Path::new(dir) == folder))
}

/// Returns a port below those that the system gives to outgoing connections.
fn free_port() -> u16 {
    let mut candidates = std::iter::repeat_with(|| fastrand::u16(20_000..32_000));
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    candidates.find(is_free).expect("a free port")
}

impl Drop for Masters {
    fn drop(&mut self) {
        for process in &mut self.processes {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}
