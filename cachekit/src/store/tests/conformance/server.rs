//! A `redis-server` process for one test, which ends with the test.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Redis server for tests, which listens on a socket in a folder of its own and saves nothing.
pub(crate) struct Server {
    process: Child,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("CACHEKIT_REDIS_SERVER");
        let program = program.unwrap_or_else(|| "redis-server".into());
        let folder = format!("cachekit-{}-{:x}", std::process::id(), fastrand::u64(..));
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir(&folder).expect("a folder");
        let process = Command::new(program)
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(folder.join("socket"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server is there");
        let mut server = Self { process, folder };
        server.await_socket();
        server
    }

    fn await_socket(&mut self) {
        let start = Instant::now();
        while UnixStream::connect(self.folder.join("socket")).is_err() {
            if start.elapsed() > Duration::from_secs(20) {
                let _ = self.process.kill();
                let mut said = String::new();
                let _ = self
                    .process
                    .stdout
                    .take()
                    .unwrap()
                    .read_to_string(&mut said);
                panic!("redis-server does not start: {said}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Returns the path of a socket on which another program may listen.
    pub(crate) fn other_socket(&self) -> PathBuf {
        self.folder.join("other")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
