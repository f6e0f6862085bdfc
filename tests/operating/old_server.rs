//! A scripted server that answers as an old Redis does, because none can be installed any more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Starts a server that answers each command with what `answer` gives for its name, until the test
/// binary ends.
pub(crate) fn start(answer: fn(&str) -> String) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let addr = listener.local_addr().expect("it listens");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, answer));
        }
    });
    addr
}

/// Answers the commands of one connection, until the client closes it.
fn serve(stream: TcpStream, answer: fn(&str) -> String) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).split(b'\n');
    let mut stream = stream;
    loop {
        let head = lines.next()?.ok()?;
        let words: usize = String::from_utf8_lossy(&head[1..]).trim().parse().ok()?;
        let mut name = String::new();
        for word in 0..words {
            // A word of several lines, such as a script, is read to its length.
            let length = lines.next()?.ok()?;
            let length: usize = String::from_utf8_lossy(&length[1..]).trim().parse().ok()?;
            let mut bytes = Vec::new();
            while bytes.len() < length + 2 {
                bytes.extend(lines.next()?.ok()?);
                bytes.push(b'\n');
            }
            if word == 0 {
                name = String::from_utf8_lossy(&bytes).trim().to_uppercase();
            }
        }
        stream.write_all(answer(&name).as_bytes()).ok()?;
    }
}

/// Redis 5: it does not know `HELLO`.
pub(crate) fn five(name: &str) -> String {
    format!("-ERR unknown command `{name}`, with args beginning with: \r\n")
}

/// Redis 6: it has RESP3, and no function by which a script can ask for rights.
pub(crate) fn six(name: &str) -> String {
    let info = "redis_version:6.2.14\r\nredis_mode:standalone\r\nrole:master\r\n\
                master_replid:0123456789abcdef0123456789abcdef01234567\r\n\
                maxmemory:1000000\r\nmaxmemory_policy:allkeys-lru\r\n";
    match name {
        "HELLO" => "%1\r\n$5\r\nproto\r\n:3\r\n".to_owned(),
        "INFO" => format!("${}\r\n{info}\r\n", info.len()),
        "EVAL" => "*0\r\n".to_owned(),
        "UNLINK" => ":0\r\n".to_owned(),
        "TIME" => "*2\r\n$10\r\n4000000000\r\n$1\r\n0\r\n".to_owned(),
        _ => "-ERR unknown command\r\n".to_owned(),
    }
}
