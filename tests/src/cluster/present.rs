//! The present masters of a cluster, as those of its servers know them that answer.

use std::thread;
use std::time::{Duration, Instant};

use super::Cluster;
use crate::redis::{Client, Redis, Reply};

/// The longest wait for a server, which may stand still.
const PATIENCE: Duration = Duration::from_millis(200);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// A master with a slot, as one server knows it.
#[derive(Debug, PartialEq, Eq)]
struct Claim {
    port: u16,
    epoch: u64,
}

impl Cluster {
    /// The number of the server that has `slot` now. Of several that claim it, the one that got it
    /// last has it. `None`: nobody answers, or none has it.
    pub fn master_now(&self, slot: u16) -> Option<usize> {
        let views = (0..self.servers.len()).filter_map(|number| self.view(number));
        let claims = views.filter_map(|view| claim(&view, slot));
        let last = claims.max_by_key(|claim| claim.epoch)?;
        let mut numbers = 0..self.servers.len();
        numbers.find(|number| self.addr(*number).port() == last.port)
    }

    /// The slot of a name in Redis. `None`: nobody answers.
    pub fn slot_now(&self, name: &str) -> Option<u16> {
        let ask = |server: &Redis| {
            let client = Client::try_connect(server.addr()).ok()?;
            let answer = client
                .patience(PATIENCE)
                .try_run(&["CLUSTER", "KEYSLOT", name]);
            match answer.ok()? {
                Reply::Int(slot) => u16::try_from(slot).ok(),
                _ => None,
            }
        };
        self.servers.iter().find_map(ask)
    }

    /// Waits until another server than `old` has `slot`, and returns its number. `None`: not within
    /// `limit`.
    pub fn another_within(&self, slot: u16, old: usize, limit: Duration) -> Option<usize> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(new) = self.master_now(slot).filter(|new| *new != old) {
                return Some(new);
            }
            thread::sleep(PAUSE);
        }
        None
    }

    /// The number of a server that follows the master with this number, and has its data.
    pub fn replica_now(&self, master: usize) -> Option<usize> {
        let port = self.addr(master).port().to_string();
        let mut numbers = 0..self.servers.len();
        numbers.find(|number| {
            let info = self.ask(*number, &["INFO", "replication"]);
            info.is_some_and(|info| {
                let has = |line: String| info.lines().any(|it| it == line);
                has(format!("master_port:{port}")) && has("master_link_status:up".to_owned())
            })
        })
    }

    fn view(&self, number: usize) -> Option<String> {
        self.ask(number, &["CLUSTER", "NODES"])
    }

    /// `None`: it does not answer.
    fn ask(&self, number: usize, question: &[&str]) -> Option<String> {
        let client = Client::try_connect(self.servers[number].addr()).ok()?;
        match client.patience(PATIENCE).try_run(question).ok()? {
            Reply::Bulk(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            _ => None,
        }
    }
}

/// Returns the claim to `slot`, of an answer to `CLUSTER NODES`.
fn claim(view: &str, slot: u16) -> Option<Claim> {
    let claims = view.lines().filter_map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let port = words.get(1)?.split([':', '@']).nth(1)?.parse().ok()?;
        let epoch = words.get(6)?.parse().ok()?;
        let is_its = words.iter().skip(8).any(|range| has(range, slot));
        is_its.then_some(Claim { port, epoch })
    });
    claims.max_by_key(|claim| claim.epoch)
}

/// Slots that move are in brackets, and make no number.
fn has(range: &str, slot: u16) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let numbers = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
    numbers.is_some_and(|(first, last)| (first..=last).contains(&slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_claim_counts_and_a_move_is_none() {
        let view = "id1 127.0.0.1:7000@17000 master,fail - 0 0 3 connected 0-99\n\
                    id2 127.0.0.1:7001@17001 master - 0 0 7 connected 5 50-99 [200->-id1]\n\
                    id3 127.0.0.1:7002@17002 slave id2 0 0 7 connected\n";
        let port = |slot| claim(view, slot).map(|claim| claim.port);
        assert_eq!(port(0), Some(7000));
        assert_eq!(port(5), Some(7001));
        assert_eq!(port(99), Some(7001));
        assert_eq!(port(200), None);
    }
}
