//! The process of a server: started, signalled, reaped.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Stands for the port in the arguments of a server.
pub const PORT: &str = "{port}";

/// A running server. Dropped, it is killed and reaped, frozen or not.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

/// Why a server did not start.
pub(crate) enum Failure {
    PortInUse,
    Other(String),
}

impl Process {
    /// A server that answers.
    pub(crate) fn start(folder: &Path, port: u16, args: &[String]) -> Result<Self, Failure> {
        Self::start_with(None, folder, port, args)
    }

    /// As [`start`](Self::start), with a file of settings, which the server changes.
    pub(crate) fn start_with(
        file: Option<&Path>,
        folder: &Path,
        port: u16,
        args: &[String],
    ) -> Result<Self, Failure> {
        let process = Self::spawn(file, folder, port, args).map_err(Failure::Other)?;
        process.answers(folder)
    }

    fn spawn(
        file: Option<&Path>,
        folder: &Path,
        port: u16,
        args: &[String],
    ) -> Result<Self, String> {
        let program = program();
        let written = |error: io::Error| format!("{}: {error}", folder.display());
        let log = File::create(log_file(folder)).map_err(written)?;
        let errors = log.try_clone().map_err(written)?;
        let port = port.to_string();
        let args = args.iter().map(|arg| arg.replace(PORT, &port));
        let child = Command::new(&program)
            .args(file)
            .args(["--port", &port, "--bind", "127.0.0.1"])
            .arg("--unixsocket")
            .arg(socket(folder))
            .arg("--dir")
            .arg(folder)
            .args(["--save", "", "--appendonly", "no"])
            .args(["--enable-debug-command", "yes"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn();
        match child {
            Ok(child) => Ok(Self { child }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(format!(
                "{program} is missing; install it (Debian: apt-get install redis-server)"
            )),
            Err(error) => Err(format!("{program} does not start: {error}")),
        }
    }

    /// Waits until it answers. Asks by its socket: at the port, somebody else might.
    fn answers(mut self, folder: &Path) -> Result<Self, Failure> {
        let deadline = Instant::now() + START;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                let log = log(folder);
                if log.contains("Address already in use") {
                    return Err(Failure::PortInUse);
                }
                let why = format!("the Redis server ended with {status}:\n{log}");
                return Err(Failure::Other(why));
            }
            if ping(&socket(folder)).is_ok_and(|ready| ready) {
                return Ok(self);
            }
            if Instant::now() > deadline {
                let log = log(folder);
                let why = format!("the Redis server does not answer in {START:?}:\n{log}");
                return Err(Failure::Other(why));
            }
            thread::sleep(PAUSE);
        }
    }

    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
        // The signal is on its way when `kill` returns: the server might answer once more.
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), stopped).expect("a child that stops");
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a child that has not been reaped");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Neither fails but for a child that is gone, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The socket of the server in `folder`.
pub(crate) fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}

/// What the server in `folder` wrote.
pub(crate) fn log(folder: &Path) -> String {
    fs::read_to_string(log_file(folder)).unwrap_or_else(|error| error.to_string())
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Whether the server has its data. One that wants a password has answered too.
fn ping(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(START))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 64];
    let read = stream.read(&mut answer)?;
    Ok(read > 0 && !answer.starts_with(b"-LOADING"))
}

/// The program that is started as a server.
fn program() -> String {
    env::var("CACHEKIT_REDIS_SERVER").unwrap_or("redis-server".to_owned())
}

/// The name of the server, as its program says it: `Redis` or `Valkey`.
///
/// # Panics
///
/// If it does not start.
pub fn product() -> String {
    let said = Command::new(program()).arg("--version").output();
    let said = said.expect("it starts").stdout;
    let said = String::from_utf8_lossy(&said);
    said.split(' ').next().unwrap_or_default().to_owned()
}
