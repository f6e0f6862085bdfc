//! Answers of Redis after which the connection ends at once.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::*;
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{Enqueued, NewWrite, Payload};

/// A part of the write whose answer is cut off from what would follow.
const LAST: &[u8] = b"the last write";

/// A program between an adapter and Redis. It holds the answer to one write back, and then passes the
/// answer on together with the end of the connection.
struct Cut {
    is_held: Receiver<()>,
    go: Sender<()>,
    is_done: Receiver<()>,
}

impl Cut {
    fn before(server: &Server) -> Self {
        let listener = UnixListener::bind(server.other_socket()).expect("a socket");
        let path = server.socket();
        let ((held, is_held), (go, goes), (done, is_done)) = (channel(), channel(), channel());
        let goes = Arc::new(Mutex::new(goes));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(redis)) = (client, UnixStream::connect(&path)) else {
                    return;
                };
                let is_last = Arc::new(AtomicBool::new(false));
                let questions = [&client, &redis].map(|it| it.try_clone().expect("a copy"));
                let saw_last = Arc::clone(&is_last);
                thread::spawn(move || {
                    let [from, to] = questions;
                    copy(from, to, |bytes| {
                        if bytes.windows(LAST.len()).any(|it| it == LAST) {
                            saw_last.store(true, Ordering::SeqCst);
                        }
                        false
                    });
                });
                let (held, goes, done) = (held.clone(), Arc::clone(&goes), done.clone());
                thread::spawn(move || {
                    let is_last = || is_last.load(Ordering::SeqCst);
                    copy(redis, client, |_| {
                        let is_last = is_last();
                        if is_last {
                            held.send(()).expect("the test waits");
                            goes.lock().unwrap().recv().expect("the test goes on");
                        }
                        is_last
                    });
                    let _ = done.send(());
                });
            }
        });
        Self {
            is_held,
            go,
            is_done,
        }
    }
}

/// Passes bytes on. If `is_last` returns `true` for some, the connection ends behind them.
fn copy(mut from: UnixStream, mut to: UnixStream, mut is_last: impl FnMut(&[u8]) -> bool) {
    let mut bytes = [0; 4_096];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let ends = is_last(&bytes[..length]);
        if to.write_all(&bytes[..length]).is_err() || ends {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// As if the server were shut down right after the answer.
#[tokio::test]
async fn an_accepted_write_is_reported_although_the_connection_ends_with_the_answer() {
    let server = Server::start();
    let cut = Cut::before(&server);
    let url = format!("unix://{}", server.other_socket().display());
    let under = redis_at(&url, Some(server), Faults::default()).await;
    let store = Arc::clone(&under.store);
    let queued = tokio::spawn(async move {
        let write = NewWrite {
            queue: "shop::save",
            kind: QueueKind::Newest,
            key: b"a",
            payload: Payload::Encoded(LAST.into()),
            delay: Duration::ZERO,
            capacity: 10,
        };
        store.write_queue().enqueue(&write, soon()).await
    });
    while cut.is_held.try_recv().is_err() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    cut.go.send(()).expect("it waits");
    // The runtime has this thread alone, so it finds the answer and the end of the connection at once.
    cut.is_done.recv().expect("it is sent");
    let queued = queued.await.expect("no panic");
    assert!(matches!(queued, Ok(Enqueued::Accepted(_))), "{queued:?}");
}
