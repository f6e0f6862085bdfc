//! The page `docs/first-service.md`: the service answers as it shows, with one instance and with two,
//! and its listings are parts of the program.

mod page;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Two instances over one database and one Redis, which end when their input ends.
const INSTANCES: &str = r#"
    "$0" 127.0.0.1:0 "$1" &
    "$0" 127.0.0.1:0 "$1" &
    read -r _ || true
    kill %1 %2
    wait"#;

/// Instances of the service, and their addresses in the order in which they began to listen.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    addresses: Vec<String>,
}

impl Running {
    fn start(command: &mut Command, instances: usize) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .current_dir(page::root())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let addresses: Vec<_> = lines
            .take(instances)
            .map(|line| line.expect("text").replace("http://", ""))
            .collect();
        assert_eq!(addresses.len(), instances, "{addresses:?}");
        Self {
            input: child.stdin.take(),
            child,
            addresses,
        }
    }

    /// Sends the request of a `curl` command of the page, whose ports 3000 and 3001 stand for the
    /// instances. Returns the head and the body of the response.
    fn curl(&self, command: &str) -> String {
        let words: Vec<_> = command.split(' ').collect();
        let after = |option: &str| {
            let at = words.iter().position(|word| *word == option);
            at.map(|at| words[at + 1])
        };
        let target = words
            .iter()
            .find_map(|word| word.strip_prefix("localhost:300"));
        let (instance, path) = target.expect("an address").split_at(1);
        let address = &self.addresses[instance.parse::<usize>().expect("0 or 1")];
        let (method, body) = (after("-X").unwrap_or("GET"), after("-d").unwrap_or(""));
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("an answer");
        response
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let with_redis = self.addresses.len() > 1;
        drop(self.input.take());
        if !with_redis {
            self.child.kill().expect("it runs");
        }
        self.child.wait().expect("it ends");
    }
}

/// The requests of a section, each with the lines that the page shows of its response.
fn transcript<'a>(page: &'a str, section: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let section = page
        .split(&format!("\n## {section}\n"))
        .nth(1)
        .expect("there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = page::blocks(section, &["text"]);
    let requests = blocks.iter().flat_map(|(_, text)| text.split("$ ").skip(1));
    let requests = requests.filter_map(|request| request.split_once('\n'));
    let requests = requests.map(|(command, shown)| {
        let shown = shown.lines().filter(|line| !line.is_empty());
        (command, shown.collect())
    });
    requests.collect()
}

/// Checks that each response has the lines that the page shows, at the latest at the last of `tries`.
fn assert_answers(service: &Running, requests: &[(&str, Vec<&str>)], tries: usize) {
    for (command, shown) in requests {
        let mut missing = None;
        for _ in 0..tries {
            let response = service.curl(command);
            let mut absent = shown
                .iter()
                .filter(|line| !response.lines().any(|it| it == **line));
            missing = absent
                .next()
                .map(|line| (line.to_owned(), response.clone()));
            if missing.is_none() {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        assert_eq!(missing, None, "{command}");
    }
}

#[test]
fn an_instance_answers_as_the_page_shows() {
    let page = page::read("first-service.md");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite");
    let mut command = Command::new(env!("CARGO_BIN_EXE_first_service"));
    let command = command
        .arg("127.0.0.1:0")
        .arg(&file)
        .env_remove("REDIS_URL");
    let service = Running::start(command, 1);
    let requests = transcript(&page, "Run it");
    assert!(requests.len() > 3, "{requests:?}");
    assert_answers(&service, &requests, 1);
}

#[test]
fn two_instances_answer_as_the_page_shows() {
    let page = page::read("first-service.md");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite");
    let mut command = Command::new(page::root().join("scripts/with-redis"));
    let command = command
        .args([
            "bash",
            "-euc",
            INSTANCES,
            env!("CARGO_BIN_EXE_first_service"),
        ])
        .arg(&file);
    let service = Running::start(command, 2);
    let requests = transcript(&page, "Two instances");
    assert!(requests.len() > 3, "{requests:?}");
    // The other instance hears of a write a moment later.
    assert_answers(&service, &requests, 50);
}

#[test]
fn each_listing_is_a_part_of_the_program() {
    page::assert_listings(&page::read("first-service.md"), "first_service");
}
