//! The rows of other set-ups that are left out over a cluster, and why.

use crate::topology::Topology;

/// Rows with the same reason.
struct Group {
    reason: &'static str,
    names: &'static [&'static str],
}

const IN_CLUSTER: &[Group] = &[
    Group {
        reason: "the rows `restarted`, `old-snapshot` and `master-hung` cause the same fault of a master",
        names: &["killed", "old-snapshot-replica", "sigstop"],
    },
    Group {
        reason: "a server of a cluster refuses `REPLICAOF`; the row `master-refuses` has a master that refuses writes",
        names: &["read-only"],
    },
    Group {
        reason: "the rows `master-full` and `master-slow` cause the same fault of a master",
        names: &["full-noeviction", "debug-sleep", "slow-50ms"],
    },
    Group {
        reason: "the fault concerns one connection to one server, as in the first table",
        names: &[
            "pause-all",
            "pause-write",
            "keys",
            "output-buffer",
            "full-allkeys-lru",
            "wrong-password",
            "acl-revoked",
            "garbage",
            "half-replies",
            "cut-replies",
            "swapped-replies",
            "slow-300ms",
        ],
    },
    Group {
        reason: "the program `checker` injects this fault over a cluster, too",
        names: &[
            "kill-commands",
            "kill-subscribers",
            "script-flush",
            "flushall",
        ],
    },
    Group {
        reason: "the servers tell a node one another's addresses, so no network of one node can be put \
                 before them; a network between servers is in the rows `split`",
        names: &["hole-to-server", "hole-to-client", "hole-both", "refused"],
    },
    Group {
        reason: "a node asks the addresses of its settings one after the other, each as in the first table",
        names: &["late-start", "hung-start", "no-such-host"],
    },
];

fn groups(topology: Topology) -> &'static [Group] {
    match topology {
        Topology::One | Topology::Sentinel => &[],
        Topology::Cluster => IN_CLUSTER,
    }
}

/// Why the row `name` of one server is left out in this set-up. `None`: it is not.
pub(crate) fn why(topology: Topology, name: &str) -> Option<&'static str> {
    let mut groups = groups(topology).iter();
    let group = groups.find(|group| group.names.contains(&name));
    group.map(|group| group.reason)
}

/// The rows that are left out, in lines of text.
pub(crate) fn lines(topology: Topology) -> Vec<String> {
    let line = |group: &Group| format!("left out: {}: {}", group.names.join(", "), group.reason);
    groups(topology).iter().map(line).collect()
}

/// The rows that are left out, for the documentation.
pub(crate) fn section(topology: Topology) -> Vec<String> {
    if groups(topology).is_empty() {
        return vec![];
    }
    let heading = "\n### Rows of the first table that are left out\n".to_owned();
    let line = |group: &Group| {
        let names = group.names.iter().map(|name| format!("`{name}`"));
        format!(
            "- {}: {}.",
            names.collect::<Vec<_>>().join(", "),
            group.reason
        )
    };
    let lines = groups(topology).iter().map(line);
    std::iter::once(heading).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;

    #[test]
    fn each_row_of_one_server_is_in_a_cluster_or_left_out() {
        let in_cluster = rows::of(Topology::Cluster);
        for row in rows::all() {
            let is_run = in_cluster.iter().any(|it| it.name == row.name);
            let is_left_out = why(Topology::Cluster, row.name).is_some();
            assert!(is_run != is_left_out, "{}", row.name);
        }
        let known = rows::all();
        for name in IN_CLUSTER.iter().flat_map(|group| group.names) {
            assert!(known.iter().any(|row| row.name == *name), "{name}");
        }
    }
}
