//! The set-ups of Redis.

/// A set-up of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topology {
    /// One server, with a network of its own for each node.
    One,
    /// Three servers and three sentinels.
    Sentinel,
    /// A Redis Cluster of three masters with a replica each.
    Cluster,
}

impl Topology {
    /// Reads the word of the command line.
    pub(crate) fn parse(word: &str) -> Result<Self, String> {
        match word {
            "one" => Ok(Self::One),
            "sentinel" => Ok(Self::Sentinel),
            "cluster" => Ok(Self::Cluster),
            other => Err(format!(
                "--topology: expected `one`, `sentinel` or `cluster`, not `{other}`"
            )),
        }
    }
}
