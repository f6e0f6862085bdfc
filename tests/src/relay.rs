//! A network between servers: it passes bytes on without reading them, and can be cut, for all or for
//! those whose first bytes say that they are on the other side.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crate::ports;

/// A relay to a server. While it is cut, bytes wait, and new connections get no answer, as on a
/// network that loses packets. Dropped, it ends its connections.
#[derive(Debug)]
pub struct Relay {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Selects the connections that are cut, by the first bytes that the client sent.
    cut: Option<Cut>,
    is_over: bool,
    open: Vec<TcpStream>,
}

type Cut = Box<dyn Fn(&[u8]) -> bool + Send>;

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("is_cut", &self.cut.is_some())
            .finish_non_exhaustive()
    }
}

impl Relay {
    /// A relay to the server at `server`.
    ///
    /// # Panics
    ///
    /// If the system gives no port.
    pub fn to(server: SocketAddr) -> Self {
        let listener = ports::listener();
        let addr = listener.local_addr().expect("it listens");
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, server, &accepting));
        Self { addr, shared }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Lets nothing through from now on.
    pub fn cut(&self) {
        self.cut_where(|_| true);
    }

    /// Lets nothing through from now on, in either direction, of connections whose first bytes from
    /// the client are such.
    pub fn cut_where(&self, is_cut: impl Fn(&[u8]) -> bool + Send + 'static) {
        self.shared
            .change(|state| state.cut = Some(Box::new(is_cut)));
    }

    /// Lets everything through again, what waited first.
    pub fn heal(&self) {
        self.shared.change(|state| state.cut = None);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.change(|state| {
            state.is_over = true;
            for stream in state.open.drain(..) {
                // It may have ended by itself.
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.addr));
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        drop(state);
        self.changed.notify_all();
    }

    fn is_over(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_over
    }

    /// Waits until bytes may pass of the connection that began with `opening`. `false`: they never
    /// will.
    fn passes(&self, opening: &[u8]) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_cut = |state: &State| state.cut.as_ref().is_some_and(|is_cut| is_cut(opening));
        let waits = |state: &mut State| is_cut(state) && !state.is_over;
        let state = self.changed.wait_while(state, waits);
        !state.unwrap_or_else(PoisonError::into_inner).is_over
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        if shared.is_over() {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            if let Some(opening) = opening(&client, &shared)
                && shared.passes(&opening)
                && let Ok(mut server) = TcpStream::connect(server)
                && server.write_all(&opening).is_ok()
            {
                relay(&client, &server, &opening, &shared);
            }
        });
    }
}

/// The first bytes that the client sends. `None`: it sends nothing.
fn opening(mut client: &TcpStream, shared: &Shared) -> Option<Vec<u8>> {
    let kept = client.try_clone().ok()?;
    shared.change(|state| state.open.push(kept));
    let mut bytes = vec![0; 16 << 10];
    let read = client.read(&mut bytes).ok().filter(|read| *read > 0)?;
    bytes.truncate(read);
    Some(bytes)
}

/// Copies bytes both ways until one end closes.
fn relay(client: &TcpStream, server: &TcpStream, opening: &[u8], shared: &Arc<Shared>) {
    let clone = |end: &TcpStream| {
        // A delay of small packets would be the relay's, not the network's.
        let _ = end.set_nodelay(true);
        Some([end.try_clone().ok()?, end.try_clone().ok()?])
    };
    let (Some([from, to]), Some([there, back])) = (clone(client), clone(server)) else {
        return;
    };
    if let Ok(kept) = server.try_clone() {
        shared.change(|state| state.open.push(kept));
    }
    // Bytes of either direction pass or wait together.
    thread::scope(|threads| {
        threads.spawn(move || copy(from, there, opening, shared));
        copy(back, to, opening, shared);
    });
}

fn copy(mut from: TcpStream, mut to: TcpStream, opening: &[u8], shared: &Shared) {
    let mut bytes = [0; 16 << 10];
    loop {
        let read = from.read(&mut bytes).unwrap_or(0);
        if read == 0 || !shared.passes(opening) || to.write_all(&bytes[..read]).is_err() {
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}
