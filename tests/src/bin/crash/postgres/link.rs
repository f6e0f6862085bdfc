//! A writer's way to the database, with gates before and after its commit.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cachekit_tests::Gate;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::SOCKET;
use super::message::{Messages, ends_write, is_done};
use crate::plan::Death;

/// A way to the database for one connection. It outlives its client: as on a network, the database
/// gets what the client has sent. Dropped, it ends the connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// What makes the write visible waits here, before the database has it.
    pub(crate) commit: Gate,
    /// The database's answer to it waits here.
    pub(crate) answer: Gate,
    folder: TempDir,
    task: JoinHandle<()>,
}

/// A link as its connection sees it.
struct Rules {
    commit: Gate,
    answer: Gate,
    /// The database has what makes the write visible.
    is_sent: AtomicBool,
    is_single: bool,
    death: Death,
}

impl Link {
    /// Listens for a writer, whose write is a single statement if `is_single`. Both gates are
    /// closed.
    ///
    /// # Panics
    ///
    /// Panics if the system gives no folder or no socket.
    pub(crate) fn open(server: &Path, is_single: bool, death: Death) -> Self {
        let folder = tempfile::Builder::new().prefix("cachekit-link-").tempdir();
        let folder = folder.expect("a temporary folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let (commit, answer) = (Gate::new(), Gate::new());
        let rules = Rules {
            commit: commit.clone(),
            answer: answer.clone(),
            is_sent: AtomicBool::new(false),
            is_single,
            death,
        };
        let server = server.join(SOCKET);
        Self {
            commit,
            answer,
            folder,
            // An end of either side is what a run is about.
            task: tokio::spawn(async move { drop(carry(listener, server, rules).await) }),
        }
    }

    /// Returns the folder of the socket for the writer.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(listener: UnixListener, server: PathBuf, rules: Rules) -> io::Result<()> {
    let (client, _) = listener.accept().await?;
    let server = UnixStream::connect(server).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (there, back) = tokio::join!(
        forward(from_client, to_server, &rules),
        answer(from_server, to_client, &rules),
    );
    there.and(back)
}

/// Carries what the client sends, and then its end, unless nobody tells of that.
async fn forward(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    rules: &Rules,
) -> io::Result<()> {
    let mut messages = Messages::of_client();
    // A client that is killed may end with an error.
    while client.read_buf(messages.buffer()).await.unwrap_or_default() > 0 {
        while let Some(message) = messages.next() {
            if ends_write(&message, rules.is_single) {
                rules.commit.pass().await;
                rules.is_sent.store(true, Ordering::SeqCst);
            }
            server.write_all(&message).await?;
        }
    }
    if rules.death == Death::Host {
        std::future::pending::<()>().await;
    }
    server.shutdown().await
}

/// Carries what the server sends, whether or not the client lives.
async fn answer(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    rules: &Rules,
) -> io::Result<()> {
    let mut messages = Messages::of_server();
    while server.read_buf(messages.buffer()).await? > 0 {
        while let Some(message) = messages.next() {
            // Every statement before the commit is answered before the commit is sent.
            if is_done(&message) && rules.is_sent.load(Ordering::SeqCst) {
                rules.answer.pass().await;
            }
            let _ = client.write_all(&message).await;
        }
    }
    Ok(())
}
