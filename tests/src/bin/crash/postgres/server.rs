//! The server's process: set up, started, stopped.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::SOCKET;

/// The folder of the programs, if it is not Debian's.
const FOLDER: &str = "CACHEKIT_POSTGRES";

/// The folder in which Debian has a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The users as whom the server runs if this program runs as root, which Postgres refuses.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// The longest time until the server answers.
const START: Duration = Duration::from_secs(20);

/// A server in a temporary folder, by a socket only. It syncs its commits to the disk. Dropped, it
/// is stopped, and its folder is removed.
#[derive(Debug)]
pub(crate) struct Postgres {
    process: Child,
    folder: TempDir,
}

impl Postgres {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// Fails if Postgres is not installed, or does not start.
    pub(crate) fn start() -> Result<Self, String> {
        let programs = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("cachekit-postgres-")
            .tempdir();
        let folder = folder.map_err(|error| format!("a temporary folder: {error}"))?;
        let user = user()?;
        if let Some((uid, gid)) = user {
            let given = chown(folder.path(), Some(uid), Some(gid));
            given.map_err(|error| format!("{}: {error}", folder.path().display()))?;
        }
        set_up(&programs, folder.path(), user)?;
        let process = spawn(&programs, folder.path(), user)?;
        let mut server = Self { process, folder };
        server.wait_ready()?;
        Ok(server)
    }

    /// Returns the folder of the server's socket.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn wait_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < START {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("PostgreSQL ended with {status}:\n{}", self.log()));
            }
            // Written when it takes connections.
            let is_ready = self.log().contains("ready to accept connections");
            if is_ready && UnixStream::connect(self.folder().join(SOCKET)).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(format!(
            "PostgreSQL does not answer in {START:?}:\n{}",
            self.log()
        ))
    }

    fn log(&self) -> String {
        fs::read_to_string(log_file(self.folder())).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its processes end at once, without a last write. It fails only for a server that is gone.
        let _ = kill_process(Pid::from_child(&self.process), Signal::QUIT);
        let _ = self.process.wait();
    }
}

/// Returns the folder of the programs.
fn programs() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return Ok(folder.into());
    }
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let newest = folders.filter(|it| it.join("initdb").exists()).max();
    newest.ok_or_else(|| {
        format!("PostgreSQL is missing; install it (Debian: apt-get install postgresql), or set {FOLDER}")
    })
}

/// Returns the user and the group as which the server runs; `None` if they are this program's.
fn user() -> Result<Option<(u32, u32)>, String> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let found = USERS.iter().find_map(|name| ids(&users, name));
    found.map(Some).ok_or_else(|| {
        let names = USERS.join(" or ");
        format!("PostgreSQL does not run as root, and there is no user {names}")
    })
}

/// Returns the numbers of the user `name` in the text of `/etc/passwd`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let lines = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let mut found = lines.filter(|fields| fields.first() == Some(&name));
    let fields = found.next()?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn set_up(programs: &Path, folder: &Path, user: Option<(u32, u32)>) -> Result<(), String> {
    let mut command = program(programs, "initdb", user);
    command.args(["--username=postgres", "--auth=trust", "--no-locale"]);
    command.args(["--encoding=UTF8", "--no-sync", "--pgdata"]);
    let output = command.arg(data(folder)).current_dir(folder).output();
    let output = output.map_err(|error| format!("initdb: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "initdb: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

fn spawn(programs: &Path, folder: &Path, user: Option<(u32, u32)>) -> Result<Child, String> {
    let log = File::create(log_file(folder));
    let log = log.map_err(|error| format!("{}: {error}", folder.display()))?;
    program(programs, "postgres", user)
        .arg("-D")
        .arg(data(folder))
        .arg("-k")
        .arg(folder)
        .args(["-c", "listen_addresses=", "-c", "max_connections=300"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("postgres: {error}"))
}

fn program(programs: &Path, name: &str, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(programs.join(name));
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:\npostgres:x:101:104:::\nodd\n";
        assert_eq!(ids(users, "postgres"), Some((101, 104)));
        assert_eq!(ids(users, "post"), None);
        assert_eq!(ids(users, "odd"), None);
    }
}
