//! A Redis of its own, by a unix socket, gone with the run.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use tempfile::TempDir;

use crate::Fail;

/// The longest time until the server answers.
const START: Duration = Duration::from_secs(10);

/// Dropped, it is killed, and its folder removed. It writes nothing to disk.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: TempDir,
}

impl Server {
    /// Starts a server, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If it is not installed (with what to install), or does not start (with what it said).
    pub fn start() -> Result<Self, Fail> {
        let folder = tempfile::Builder::new().prefix("cachekit-").tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let program = env::var("CACHEKIT_REDIS_SERVER").unwrap_or("redis-server".to_owned());
        let child = Command::new(&program)
            .args([
                "--port",
                "0",
                "--save",
                "",
                "--appendonly",
                "no",
                "--unixsocket",
            ])
            .arg(socket(folder.path()))
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            .spawn();
        let child = child.map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!(
                "{program} is missing; install it (Debian: apt-get install redis-server), or name \
                 one in CACHEKIT_REDIS_SERVER"
            ),
            _ => format!("{program} does not start: {error}"),
        })?;
        let mut server = Self { child, folder };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<(), Fail> {
        let deadline = Instant::now() + START;
        while !self.answers().is_ok_and(|answers| answers) {
            let ended = self.child.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log"))?;
                return Err(format!("the Redis server does not answer:\n{log}").into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn answers(&self) -> io::Result<bool> {
        let mut stream = UnixStream::connect(socket(self.folder.path()))?;
        stream.set_read_timeout(Some(START))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(answer == *b"+PONG")
    }

    /// `unix:///..`.
    pub fn url(&self) -> String {
        format!("unix://{}", socket(self.folder.path()).display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Neither fails but for a server that is gone, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("socket")
}
