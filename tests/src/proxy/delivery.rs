//! The bytes that a client gets instead of those that the server has sent.

use super::state::Mangled;

/// No reply in any version of the protocol.
const GARBAGE: &[u8] = b"\xff\x00\x01 no reply at all\r\n";

/// What becomes of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is none: the server said it by itself.
    Aside,
    Arrives,
    /// It never arrives, and the connection ends.
    Swallowed,
    Mangled(Mangled),
}

/// Bytes on their way to a client.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    ready: Vec<u8>,
    /// A reply that lets the next one go first.
    late: Option<Vec<u8>>,
}

impl Delivery {
    /// Adds a reply, or what is to arrive in its place. Whether nothing may come after it.
    pub(super) fn add(&mut self, reply: impl Iterator<Item = u8>, fate: Fate) -> bool {
        let reply: Vec<u8> = reply.collect();
        let half = &reply[..reply.len() / 2];
        match fate {
            Fate::Aside => self.ready.extend(reply),
            Fate::Swallowed => return true,
            Fate::Mangled(Mangled::Swapped) if self.late.is_none() => self.late = Some(reply),
            Fate::Mangled(Mangled::Garbage) => self.ready.extend(GARBAGE),
            Fate::Mangled(Mangled::Cut) => self.ready.extend(half),
            Fate::Mangled(Mangled::Half) => {
                self.ready.extend(half);
                return true;
            }
            Fate::Arrives | Fate::Mangled(Mangled::Swapped) => {
                self.ready.extend(reply);
                self.ready.extend(self.late.take().unwrap_or_default());
            }
        }
        false
    }

    /// What may go.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ready)
    }
}
