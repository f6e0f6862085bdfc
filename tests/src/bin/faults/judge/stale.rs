//! Finds calls that got a value which they had to know as invalidated.

use std::collections::HashMap;

use cachekit_tests::clock::nanos;
use cachekit_tests::floors::{Floor, Floors};

use crate::record::{Call, Write};
use crate::settings::{ALLOWANCE, BUS_TIMEOUT, on_disconnect};
use crate::watch::{Seen, Sight};
use cachekit::OnDisconnect;

/// Those of `calls` that got something older than an invalidation that held when they began.
pub(super) fn find(calls: &[Call], writes: &[Write], sight: &Sight) -> Vec<(Call, Write)> {
    let mut by_row: HashMap<u64, Vec<&Write>> = HashMap::new();
    for write in writes {
        by_row.entry(write.row).or_default().push(write);
    }
    let floors: HashMap<(u64, usize), Floors<&Write>> = by_row
        .iter()
        .flat_map(|(row, writes)| {
            let nodes = sight.nodes.iter().enumerate();
            nodes.map(move |(node, seen)| ((*row, node), floors(writes, node, seen)))
        })
        .collect();
    let stale = |call: &Call| {
        let floor = floors.get(&(call.row, call.node))?.at(call.begin)?;
        let is_stale = call.version? < floor.version;
        is_stale.then_some((*call, *floor.by))
    };
    calls.iter().filter_map(stale).collect()
}

fn floors<'a>(writes: &[&'a Write], node: usize, seen: &Seen) -> Floors<&'a Write> {
    let floor = |write: &&'a Write| {
        Some(Floor {
            since: since(write, node, seen)?,
            version: write.version,
            by: *write,
        })
    };
    Floors::new(writes.iter().filter_map(floor))
}

/// When `write` holds on `node`.
fn since(write: &Write, node: usize, seen: &Seen) -> Option<u64> {
    if write.node == node {
        return Some(write.returned);
    }
    let accepted = write.accepted?;
    let told = accepted + nanos(BUS_TIMEOUT + ALLOWANCE);
    if on_disconnect(node) == OnDisconnect::Bypass {
        return Some(told);
    }
    // Cut off, it goes on by design until it hears again.
    Some(told.max(seen.heard_after(accepted)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Kind;

    const MS: u64 = 1_000_000;

    fn call(node: usize, begin: u64, version: u64) -> Call {
        Call {
            node,
            kind: Kind::Shared,
            row: 1,
            begin: begin * MS,
            end: begin * MS + 1,
            spent: 0,
            version: Some(version),
        }
    }

    fn stale(call: Call, accepted: Option<u64>, heard: &[u64]) -> bool {
        let write = Write {
            node: 0,
            row: 1,
            version: 2,
            began: 90 * MS,
            returned: 100 * MS,
            accepted: accepted.map(|time| time * MS),
        };
        let seen = Seen {
            heard: heard.iter().map(|time| time * MS).collect(),
            ..Seen::default()
        };
        // Seen from its own node, and from either kind of other node.
        let nodes = vec![seen.clone(), seen];
        let sight = Sight {
            nodes,
            stalls: vec![],
        };
        !find(&[call], &[write], &sight).is_empty()
    }

    #[test]
    fn on_the_writers_node_from_its_return() {
        assert!(!stale(call(0, 99, 1), None, &[]));
        assert!(stale(call(0, 101, 1), None, &[]));
        assert!(!stale(call(0, 101, 2), None, &[]));
    }

    #[test]
    fn on_another_some_time_after_it_was_accepted() {
        assert!(!stale(call(1, 900, 1), None, &[]), "queued");
        assert!(!stale(call(1, 640, 1), Some(100), &[]));
        assert!(stale(call(1, 660, 1), Some(100), &[]));
    }

    #[test]
    fn a_node_that_goes_on_has_to_know_when_it_hears_again() {
        let write = |heard: &[u64]| {
            let seen = Seen {
                heard: heard.to_vec(),
                ..Seen::default()
            };
            let write = Write {
                node: 1,
                row: 1,
                version: 2,
                began: 1,
                returned: 2,
                accepted: Some(3),
            };
            since(&write, 0, &seen)
        };
        let told = 3 + nanos(BUS_TIMEOUT + ALLOWANCE);
        assert_eq!(write(&[4, 5]), Some(told));
        assert_eq!(write(&[4, told + 7]), Some(told + 7));
        assert_eq!(write(&[4]), None);
    }
}
