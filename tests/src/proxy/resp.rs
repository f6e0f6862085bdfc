//! Finds the ends of commands and replies in bytes that arrive in pieces.

use std::io::{self, ErrorKind};
use std::ops::Range;

/// The length of the command at the start of `bytes` and its arguments; `None` if it is not whole.
pub(super) fn command(bytes: &[u8]) -> io::Result<Option<(usize, Vec<Vec<u8>>)>> {
    let Some((line, mut at)) = line(bytes, 0) else {
        return Ok(None);
    };
    let Some(count) = line.strip_prefix(b"*") else {
        // What a person types.
        let words = line.split(u8::is_ascii_whitespace);
        let words = words.filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
        return Ok(Some((at, words.collect())));
    };
    let mut args = Vec::new();
    for _ in 0..length(count)? {
        match bulk(bytes, at)? {
            Some(Bulk { text, end }) => {
                args.push(text);
                at = end;
            }
            None => return Ok(None),
        }
    }
    let args = args.into_iter().map(|arg| bytes[arg].to_vec());
    Ok(Some((at, args.collect())))
}

struct Bulk {
    text: Range<usize>,
    end: usize,
}

fn bulk(bytes: &[u8], at: usize) -> io::Result<Option<Bulk>> {
    let Some((line, start)) = line(bytes, at) else {
        return Ok(None);
    };
    let size = line.strip_prefix(b"$").ok_or_else(|| not_resp(line))?;
    let text = start..start + length(size)?;
    let end = text.end + 2;
    Ok((end <= bytes.len()).then_some(Bulk { text, end }))
}

/// Looks for the end of a reply, and goes on from where it was when more bytes are there.
#[derive(Debug)]
pub(super) struct Scanner {
    at: usize,
    /// Elements that are still to come, the reply itself being one.
    left: usize,
}

/// A whole reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) length: usize,
    pub(super) kind: Kind,
}

/// What there is to know of a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It answers a command.
    Answer,
    /// An error, which answers a command.
    Error,
    /// A list that begins with this text: the answer to a subscription, or a message by RESP2.
    Named(Vec<u8>),
    /// Sent by itself, or the answer to a subscription by RESP3.
    Push(Vec<u8>),
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self { at: 0, left: 1 }
    }

    /// The reply at the start of `bytes`, if it is whole. Then it begins anew; otherwise `bytes`
    /// must begin with the same bytes the next time.
    pub(super) fn reply(&mut self, bytes: &[u8]) -> io::Result<Option<Whole>> {
        while self.left > 0 {
            let Some((line, next)) = line(bytes, self.at) else {
                return Ok(None);
            };
            let (kind, rest) = line.split_first().ok_or_else(|| not_resp(line))?;
            let (size, elements) = match kind {
                b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => (0, 0),
                _ if rest == b"-1" => (0, 0),
                b'$' | b'=' | b'!' => (length(rest)? + 2, 0),
                b'*' | b'~' | b'>' => (0, length(rest)?),
                b'%' => (0, 2 * length(rest)?),
                // Attributes stand before what they are about, which is still to come.
                b'|' => (0, 2 * length(rest)? + 1),
                _ => return Err(not_resp(line)),
            };
            if bytes.len() < next + size {
                return Ok(None);
            }
            self.at = next + size;
            self.left = self.left - 1 + elements;
        }
        let length = self.at;
        *self = Self::new();
        let kind = kind(&bytes[..length]);
        Ok(Some(Whole { length, kind }))
    }
}

fn kind(reply: &[u8]) -> Kind {
    match reply.first() {
        Some(b'>') => Kind::Push(first(reply)),
        Some(b'*') => Kind::Named(first(reply)),
        Some(b'-' | b'!') => Kind::Error,
        _ => Kind::Answer,
    }
}

/// The first element of a list, if it is a string.
fn first(list: &[u8]) -> Vec<u8> {
    let at = line(list, 0).map_or(list.len(), |(_, next)| next);
    match bulk(list, at) {
        Ok(Some(bulk)) => list[bulk.text].to_vec(),
        _ => Vec::new(),
    }
}

/// The line at `at`, and where the next one begins.
fn line(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    Some((&rest[..end], at + end + 2))
}

fn length(digits: &[u8]) -> io::Result<usize> {
    let text = str::from_utf8(digits).ok();
    let number = text.and_then(|text| text.parse().ok());
    number.ok_or_else(|| not_resp(digits))
}

fn not_resp(bytes: &[u8]) -> io::Error {
    let why = format!("not RESP: {}", bytes.escape_ascii());
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<Vec<u8>> {
        words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn a_command_is_found_when_it_is_whole_and_not_before() {
        let bytes = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n*1\r\n*1\r\n$4\r\nPING\r\n";
        let end = bytes.len() - b"*1\r\n$4\r\nPING\r\n".len();
        for cut in 0..end {
            assert_eq!(command(&bytes[..cut]).expect("RESP"), None, "{cut}");
        }
        let set = (end, words(&["SET", "k", "\r\n*1"]));
        assert_eq!(command(bytes).expect("RESP"), Some(set));
        let ping = (14, words(&["PING"]));
        assert_eq!(command(&bytes[end..]).expect("RESP"), Some(ping));
        let typed = (12, words(&["SET", "a", "b"]));
        assert_eq!(command(b"SET  a b  \r\n").expect("a line"), Some(typed));
        assert!(command(b"*1\r\n:1\r\n").is_err());
    }

    #[test]
    fn a_reply_of_every_kind_is_found_when_it_is_whole_and_not_before() {
        let replies: &[&[u8]] = &[
            b"+OK\r\n",
            b"-ERR no\r\n",
            b":1\r\n",
            b"$5\r\n\r\n+OK\r\n",
            b"$-1\r\n",
            b"*-1\r\n",
            b"*0\r\n",
            b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n",
            b"_\r\n",
            b"#t\r\n",
            b",1.5\r\n",
            b"(123456789012345678901234567890\r\n",
            b"=7\r\ntxt:a\r\n\r\n",
            b"!3\r\nbad\r\n",
            b"~2\r\n:1\r\n:2\r\n",
            b"%2\r\n+a\r\n:1\r\n+b\r\n%0\r\n",
            b"|1\r\n+ttl\r\n:9\r\n*1\r\n$1\r\nv\r\n",
            b"*2\r\n|1\r\n+a\r\n:1\r\n:5\r\n:6\r\n",
            b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n",
        ];
        let all = replies.concat();
        // In pieces of every size.
        for piece in 1..all.len() {
            let (mut scanner, mut buffer, mut found) = (Scanner::new(), Vec::new(), Vec::new());
            for bytes in all.chunks(piece) {
                buffer.extend_from_slice(bytes);
                while let Some(whole) = scanner.reply(&buffer).expect("RESP") {
                    found.push(buffer.drain(..whole.length).collect::<Vec<_>>());
                }
            }
            assert_eq!(found, replies, "in pieces of {piece}");
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn a_push_has_its_name() {
        let kind = |bytes: &[u8]| {
            let whole = Scanner::new().reply(bytes).expect("RESP");
            whole.expect("whole").kind
        };
        let push = kind(b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
        assert_eq!(push, Kind::Push(b"subscribe".to_vec()));
        let list = kind(b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
        assert_eq!(list, Kind::Named(b"subscribe".to_vec()));
        assert_eq!(kind(b"*1\r\n$-1\r\n"), Kind::Named(Vec::new()));
        assert_eq!(kind(b"-ERR\r\n"), Kind::Error);
        assert_eq!(kind(b":1\r\n"), Kind::Answer);
        assert!(Scanner::new().reply(b"?\r\n").is_err());
    }
}
