//! The connection to the truth, which stands for a service's database.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use crate::cells::Cell;

/// A connection to the table of versions.
pub(super) struct Truth {
    requests: mpsc::UnboundedSender<String>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
}

#[derive(Default)]
struct Waiting(Mutex<HashMap<u64, oneshot::Sender<Vec<u64>>>>);

impl Truth {
    pub(super) async fn connect(parent: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(parent).await?;
        stream.set_nodelay(true)?;
        let (replies, requests) = stream.into_split();
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::<Waiting>::default();
        tokio::spawn(send(receiver, requests));
        tokio::spawn(receive(replies, Arc::clone(&waiting)));
        let truth = Self {
            requests: sender,
            waiting,
            next: AtomicU64::new(0),
        };
        truth.say("truth".to_owned());
        Ok(truth)
    }

    /// Begins to compute `cell` from the version that is returned.
    pub(super) async fn begin(&self, cell: Cell) -> (u64, Running<'_>) {
        let running = Running { truth: self, cell };
        let versions = self.ask('b', &[cell]).await;
        (versions.first().copied().unwrap_or_default(), running)
    }

    /// Raises the versions of `cells`, and says to what.
    pub(super) async fn commit(&self, cells: &[Cell]) -> Vec<u64> {
        self.ask('c', cells).await
    }

    async fn ask(&self, what: char, cells: &[Cell]) -> Vec<u64> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().insert(id, sender);
        let cells: Vec<_> = cells.iter().map(|cell| cell.0.to_string()).collect();
        self.say(format!("{what} {id} {}", cells.join(" ")));
        answer.await.unwrap_or_default()
    }

    fn say(&self, line: String) {
        // Without a parent this process is about to end.
        let _ = self.requests.send(line);
    }
}

/// A computation that runs. Dropped, it does not.
pub(super) struct Running<'a> {
    truth: &'a Truth,
    cell: Cell,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.truth.say(format!("e {}", self.cell.0));
    }
}

async fn send(mut lines: mpsc::UnboundedReceiver<String>, mut stream: OwnedWriteHalf) {
    let mut batch = Vec::new();
    while lines.recv_many(&mut batch, 256).await > 0 {
        let mut bytes = batch.join("\n");
        bytes.push('\n');
        batch.clear();
        if stream.write_all(bytes.as_bytes()).await.is_err() {
            std::process::exit(3);
        }
    }
}

async fn receive(stream: OwnedReadHalf, waiting: Arc<Waiting>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut numbers = line.split(' ').filter_map(|word| word.parse().ok());
        let id = numbers.next().unwrap_or_default();
        if let Some(sender) = waiting.lock().remove(&id) {
            // Who asked may be gone.
            let _ = sender.send(numbers.collect());
        }
    }
    std::process::exit(3);
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Vec<u64>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
