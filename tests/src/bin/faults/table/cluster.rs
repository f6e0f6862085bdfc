//! The words before the table of a cluster.

/// The words, with the heading.
pub(super) fn opening() -> String {
    "
## Redis Cluster

Three masters with a replica each and two nodes run on one machine. The following command made this part of the page:

    cargo run --release -p cachekit-tests --bin faults -- --topology cluster --markdown docs/faults.md

The nodes call and write as above, and know the addresses of all servers. `cluster-node-timeout` is 2,000 ms, `repl-diskless-sync-delay` is 0, and
`cluster-require-full-coverage` is `no`, but for the row `full-coverage`. The fault is a fault of one master. In the rows `bus-..`, it is the master that has the slot of messages, and
in the other rows another one. With the namespace of the nodes, the master that has the slot of messages also has the version of everything
(`clear`), on which every entry depends. In the rows `split` and `bus-split`, the second node is on the side of the master that is cut off, and this
master has `min-replicas-to-write 1`, unless the name of the row has `unguarded` or `reads`. Most faults are run with `on_new_master = clear`, the
default, and with `replay`.

Each node also calls for two keys that only Redis keeps, one in a slot of the master of the fault and one in a slot of a master that nothing happens to:

- **again**: milliseconds from the beginning of the fault until Redis gives both nodes the value of the first key, and goes on to do so. Meanwhile
  calls run without Redis, and no call fails: the columns **failed**, **alone**, **shared** and **write** say what callers felt. Zero means that Redis
  gave the value all the time, as after a planned failover with `replay`. If a master is killed, stopped or cut off, the servers choose another one
  after about four seconds (`cluster-node-timeout`, and two seconds until the others agree and vote), and a node looks for it at least once a second. In the rows
  `split`, the time includes the two seconds for which the network stays cut after the vote, because the second node reaches the new master only then.
- **others**: the longest time, in milliseconds, for which Redis gave no value of the second key, in the rows `split` only on the first node. The calls
  are 10 ms apart on average. An invalidation of a tag waits while the master of the tag is away, and until then its node reads no entry, because any
  entry may have the tag. The nodes write tags, so this happens in every row in which a master is away. In the rows `bus-..`, no entry can be confirmed
  without the version of everything. If neither is the case, entries of other masters are served (`tests/cluster/one_away.rs`).
- **alone**, **shared**, **write**: about 100 ms are one `redis_timeout`, for a master that stands still or is cut off. A call of a shared key may also
  wait for the lease of a computation whose end its process could not tell that master, for one `lock_timeout` at most.
- **stale**, **lost**: as above. With `replay`, and in the rows `unguarded`, they are counted and not promised to be none. With `replay`, the new
  master may lack invalidations that the old one accepted last, until the node that made them repeats them.
"
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_these_words() {
        let page = include_str!("../../../../../docs/faults.md");
        assert!(page.contains(&opening()));
    }
}
