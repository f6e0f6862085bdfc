//! Messages of Postgres's protocol, as far as the end of a write is recognised by them.

/// The bytes of a message after its type: its length, itself included.
const LENGTH: usize = 4;

/// Splits the bytes of one direction of a connection into messages.
#[derive(Debug)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    /// The next message has no type, as the first one of a client.
    is_untyped: bool,
}

impl Messages {
    /// Begins with what a client sends.
    pub(super) fn of_client() -> Self {
        Self {
            bytes: Vec::new(),
            is_untyped: true,
        }
    }

    /// Begins with what the server sends.
    pub(super) fn of_server() -> Self {
        Self {
            bytes: Vec::new(),
            is_untyped: false,
        }
    }

    /// Returns the buffer to which received bytes are appended.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Takes the next whole message out of the buffer, with its type and length.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let start = usize::from(!self.is_untyped);
        let length = self.bytes.get(start..start + LENGTH)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let end = start + usize::try_from(length).ok()?;
        if self.bytes.len() < end {
            return None;
        }
        self.is_untyped = false;
        Some(self.bytes.drain(..end).collect())
    }
}

/// `true` if `message` of a client makes its write visible: a `COMMIT`, or an `UPDATE` without a
/// transaction.
pub(super) fn ends_write(message: &[u8], is_single: bool) -> bool {
    let statement: &[u8] = if is_single { b"UPDATE" } else { b"COMMIT" };
    message.first() == Some(&b'Q') && body(message).starts_with(statement)
}

/// `true` if `message` of the server says that a statement was carried out.
pub(super) fn is_done(message: &[u8]) -> bool {
    message.first() == Some(&b'C')
}

fn body(message: &[u8]) -> &[u8] {
    message.get(1 + LENGTH..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_in_pieces() {
        let mut messages = Messages::of_client();
        messages.buffer().extend(b"\0\0\0\x08\0\x03\0\0Q\0\0\0");
        assert_eq!(messages.next().expect("a start").len(), 8);
        assert_eq!(messages.next(), None);
        messages.buffer().extend(b"\x0bCOMMIT\0");
        let commit = messages.next().expect("a statement");
        assert!(ends_write(&commit, false) && !ends_write(&commit, true));
        assert_eq!(messages.next(), None);
    }

    #[test]
    fn the_server_says_when_it_is_done() {
        let mut messages = Messages::of_server();
        messages.buffer().extend(b"C\0\0\0\x0bCOMMIT\0Z\0\0\0\x05I");
        assert!(is_done(&messages.next().expect("an answer")));
        assert!(!is_done(&messages.next().expect("a state")));
    }
}
