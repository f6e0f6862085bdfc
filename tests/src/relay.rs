//! A network between servers: it passes bytes on without reading them, and can be cut.

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

#[derive(Debug, Default)]
struct State {
    is_cut: bool,
    is_over: bool,
    open: Vec<TcpStream>,
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
        self.shared.change(|state| state.is_cut = true);
    }

    /// Lets everything through again, what waited first.
    pub fn heal(&self) {
        self.shared.change(|state| state.is_cut = false);
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

    /// Waits until bytes may pass. `false`: they never will.
    fn passes(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |state: &mut State| state.is_cut && !state.is_over;
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
            if shared.passes()
                && let Ok(server) = TcpStream::connect(server)
            {
                relay(&client, &server, &shared);
            }
        });
    }
}

/// Copies bytes both ways until one end closes.
fn relay(client: &TcpStream, server: &TcpStream, shared: &Arc<Shared>) {
    let clone = |end: &TcpStream| {
        // A delay of small packets would be the relay's, not the network's.
        let _ = end.set_nodelay(true);
        Some([
            end.try_clone().ok()?,
            end.try_clone().ok()?,
            end.try_clone().ok()?,
        ])
    };
    let (Some([kept, from, to]), Some([other, there, back])) = (clone(client), clone(server))
    else {
        return;
    };
    shared.change(|state| state.open.extend([kept, other]));
    let passing = Arc::clone(shared);
    let thread = thread::spawn(move || copy(from, there, &passing));
    copy(back, to, shared);
    // It ends with the connection.
    let _ = thread.join();
}

fn copy(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut bytes = [0; 16 << 10];
    loop {
        let read = from.read(&mut bytes).unwrap_or(0);
        if read == 0 || !shared.passes() || to.write_all(&bytes[..read]).is_err() {
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}
