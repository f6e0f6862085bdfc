//! A small client of HTTP/1.1: one connection that is kept open, and one request at a time.

use std::io::{Error, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The host that all requests name. Responses are stored by host, and all instances of a service are
/// one host.
const HOST: &str = "shop.example";

/// A connection to an instance.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// The bytes that were read and do not belong to an earlier answer.
    read: Vec<u8>,
}

impl Connection {
    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// Returns an error if the server cannot be reached.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let read = Vec::with_capacity(4_096);
        Ok(Self { stream, read })
    }

    /// Sends a request with a body of JSON, or without a body if it is empty. Returns the body of
    /// the answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails, or if the status of the answer is not 200.
    ///
    /// # Cancel safety
    ///
    /// After a call was dropped before its end, the connection is of no use.
    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let head = if body.is_empty() {
            format!("{method} {path} HTTP/1.1\r\nhost: {HOST}\r\n\r\n")
        } else {
            let length = body.len();
            format!(
                "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            )
        };
        self.stream.write_all(head.as_bytes()).await?;
        let (status, length) = self.head().await?;
        while self.read.len() < length {
            self.more().await?;
        }
        let rest = self.read.split_off(length);
        let body = std::mem::replace(&mut self.read, rest);
        if status == 200 {
            return Ok(body);
        }
        let text = String::from_utf8_lossy(&body);
        Err(Error::other(format!("{method} {path}: {status} {text}")))
    }

    /// Reads the head of an answer. Returns its status and the length of its body.
    async fn head(&mut self) -> Result<(u16, usize)> {
        let end = loop {
            let end = self.read.windows(4).position(|it| it == b"\r\n\r\n");
            match end {
                Some(end) => break end,
                None => self.more().await?,
            }
        };
        let rest = self.read.split_off(end + 4);
        let head = std::mem::replace(&mut self.read, rest);
        parse(&String::from_utf8_lossy(&head)).ok_or_else(|| {
            Error::other("an answer without a status, or without the length of its body")
        })
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            return Err(Error::other("the server closed the connection"));
        }
        Ok(())
    }
}

fn parse(head: &str) -> Option<(u16, usize)> {
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = lengths.next()?;
    Some((status, length.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_length_of_a_body_is_read_from_the_head() {
        let head = "HTTP/1.1 200 OK\r\nage: 3\r\nContent-Length: 12\r\n\r\n";
        assert_eq!(parse(head), Some((200, 12)));
        assert_eq!(parse("HTTP/1.1 200 OK\r\n\r\n"), None);
    }
}
