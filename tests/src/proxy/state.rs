//! The state that the test sets and the connections read.

use std::collections::HashMap;
use std::fmt;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::sent::Sent;

/// Asked about commands. It may change its mind.
pub(super) type Predicate = Box<dyn FnMut(&Sent) -> bool + Send>;

/// The state, and who is to be told when it changes.
pub(super) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

/// The log, the faults and the connections.
#[derive(Default)]
pub(super) struct State {
    pub(super) log: Vec<Sent>,
    pub(super) round_trips: usize,
    /// Those that are open, each with its client: one that is taken out ends.
    pub(super) connections: HashMap<usize, Arc<TcpStream>>,
    pub(super) faults: Faults,
    /// Commands that are held back, the first first, each with its number.
    pub(super) held: Vec<(usize, Sent)>,
    pub(super) ever_held: usize,
    /// Commands to be sent once more, each after what set its connection up.
    pub(super) repeats: Vec<Vec<Vec<Vec<u8>>>>,
    /// Nobody listens.
    pub(super) is_deaf: bool,
    /// What the proxy could not make sense of.
    pub(super) mistake: Option<String>,
}

/// Of two ways to go, one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Commands.
    ToServer,
    /// Replies.
    ToClient,
}

/// What becomes of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mangled {
    /// Bytes arrive in its place that are no reply at all.
    Garbage,
    /// Its first half arrives, and then the connection ends.
    Half,
    /// Its first half arrives, and then what comes after the reply.
    Cut,
    /// It arrives after the next one, as if each answered the other's command.
    Swapped,
}

/// What becomes of those who want to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Listening {
    #[default]
    Open,
    /// They are taken, and sent away.
    Guarded,
    /// Nobody listens.
    Closed,
}

/// What the server learns of the end of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ClientEnd {
    #[default]
    Told,
    /// Nothing: the connection stays open.
    Untold,
}

/// What goes wrong.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) hold: Vec<Predicate>,
    pub(super) swallow: Vec<Predicate>,
    pub(super) lose: Vec<Predicate>,
    pub(super) refuse: Vec<Predicate>,
    pub(super) repeat: Vec<Predicate>,
    pub(super) mangle: Vec<(Mangled, Predicate)>,
    pub(super) to_server: bool,
    pub(super) to_client: bool,
    pub(super) silent: bool,
    pub(super) end: ClientEnd,
    pub(super) delay: Duration,
    pub(super) listening: Listening,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            changes: watch::Sender::new(()),
        }
    }

    /// Looks at the state, or changes it in a way that nobody waits for.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and tells those who wait for it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.tell();
        changed
    }

    /// Something changed.
    pub(super) fn tell(&self) {
        self.changes.send_replace(());
    }

    /// Waits until the check, made after every change, finds something.
    pub(super) async fn until<T>(&self, mut check: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = check(&mut self.state()) {
                return found;
            }
            changes.changed().await.expect("its sender is in `self`");
        }
    }
}

impl Faults {
    /// Whether what goes this way is lost.
    pub(super) fn lost(&mut self, direction: Direction) -> &mut bool {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }
}

impl State {
    /// Holds the command back if it is to be: the number is its own.
    pub(super) fn hold(&mut self, sent: &Sent) -> Option<usize> {
        any(&mut self.faults.hold, sent).then(|| {
            self.ever_held += 1;
            self.held.push((self.ever_held, sent.clone()));
            self.ever_held
        })
    }

    /// What becomes of the reply to `sent`; every condition is asked.
    pub(super) fn mangled(&mut self, sent: &Sent) -> Option<Mangled> {
        let ask = |first: Option<Mangled>, (how, which): &mut (Mangled, Predicate)| {
            let says = which(sent).then_some(*how);
            first.or(says)
        };
        self.faults.mangle.iter_mut().fold(None, ask)
    }

    pub(super) fn is_held(&self, number: usize) -> bool {
        self.held.iter().any(|(held, _)| *held == number)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Ends a connection on the side of its client.
pub(super) fn close(client: &TcpStream) {
    // It fails only if the client was faster.
    let _ = client.shutdown(Shutdown::Both);
}

/// Whether one of them says so. Each is asked, for those that count.
pub(super) fn any(predicates: &mut [Predicate], sent: &Sent) -> bool {
    let ask = |said, predicate: &mut Predicate| predicate(sent) || said;
    predicates.iter_mut().fold(false, ask)
}
