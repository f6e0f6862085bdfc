//! The document with the tables: a run of one set-up replaces its own table only.

use std::path::Path;
use std::{fs, io};

use crate::topology::Topology;

/// The headings of the tables after the first one, in their order.
const HEADINGS: &[&str] = &["\n## Sentinel\n", "\n## Redis Cluster\n"];

/// Replaces the table of `topology` in `file`.
pub(crate) fn write(file: &Path, topology: Topology, table: &str) -> io::Result<()> {
    let known = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    fs::write(file, replaced(&known, topology.heading(), table))
}

/// `known` with another table under `heading`, which the table begins with.
fn replaced(known: &str, heading: Option<&str>, table: &str) -> String {
    let starts: Vec<usize> = HEADINGS.iter().filter_map(|it| known.find(it)).collect();
    let own = heading.map_or(Some(0), |heading| known.find(heading));
    let start = own.unwrap_or(known.len());
    let next = starts
        .into_iter()
        .filter(|it| *it > start || heading.is_none());
    let end = next.min().unwrap_or(known.len());
    [&known[..start], table, &known[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_leaves_the_others() {
        let sentinel = Topology::Sentinel.heading();
        let both = replaced("# Faults\n\none\n", sentinel, "\n## Sentinel\n\ntwo\n");
        assert_eq!(both, "# Faults\n\none\n\n## Sentinel\n\ntwo\n");
        let first = replaced(&both, None, "# Faults\n\nthree\n");
        assert_eq!(first, "# Faults\n\nthree\n\n## Sentinel\n\ntwo\n");
        let second = replaced(&first, sentinel, "\n## Sentinel\n\nfour\n");
        assert_eq!(second, "# Faults\n\nthree\n\n## Sentinel\n\nfour\n");
        let cluster = Topology::Cluster.heading();
        let all = replaced(&second, cluster, "\n## Redis Cluster\n\nfive\n");
        let all = replaced(&all, sentinel, "\n## Sentinel\n\nsix\n");
        assert_eq!(
            all,
            "# Faults\n\nthree\n\n## Sentinel\n\nsix\n\n## Redis Cluster\n\nfive\n"
        );
    }
}
