//! The processes of the nodes, and the connections that they open.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::history::History;
use super::table::Table;
use crate::args::NodeSettings;

/// How long a node may take to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node's process. Dropped, it is killed.
pub(super) struct Child {
    process: process::Child,
    orders: Option<TcpStream>,
    history: Option<JoinHandle<bool>>,
}

impl Child {
    pub(super) fn start(settings: &NodeSettings) -> Self {
        let program = std::env::current_exe().expect("this program has a name");
        let process = Command::new(program)
            .args(settings.to_args())
            .stdin(Stdio::null())
            .spawn();
        Self {
            process: process.expect("this program starts"),
            orders: None,
            history: None,
        }
    }

    pub(super) fn order(&mut self, what: &str) {
        let orders = self.orders.as_mut().expect("it is connected");
        // Whether it got it shows when it ends.
        let _ = writeln!(orders, "{what}");
    }

    /// Waits until it has told everything.
    pub(super) fn end(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        let history = self.history.take().expect("it is connected");
        while !history.is_finished() {
            if Instant::now() > deadline {
                return Err("a node did not end".to_owned());
            }
            thread::sleep(Duration::from_millis(10));
        }
        match history.join() {
            Ok(true) => Ok(()),
            _ => Err("a node ended before it was told to".to_owned()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Neither fails but for a child that is gone, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Takes the connections of `children`: each opens two.
pub(super) fn accept(
    listener: &TcpListener,
    children: &mut [Child],
    table: &Arc<Table>,
    history: &Arc<History>,
) {
    for _ in 0..children.len() * 2 {
        let (stream, _) = listener.accept().expect("a listener accepts");
        stream.set_nodelay(true).expect("a socket takes it");
        let writer = stream.try_clone().expect("a socket");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).expect("a node says who it is");
        if let Some(("history", node)) = line.trim().split_once(' ') {
            let node: u8 = node.parse().expect("a node's number");
            let child = &mut children[usize::from(node)];
            let history = Arc::clone(history);
            child.orders = Some(writer);
            child.history = Some(thread::spawn(move || history.collect(node, reader)));
        } else {
            let table = Arc::clone(table);
            thread::spawn(move || table.serve(reader, writer));
        }
    }
}
