//! The set-ups of Redis, each with a table of its own.

/// A set-up of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topology {
    /// One server.
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

    /// The heading under which the table of the set-up is in the document. `None`: the document
    /// begins with it.
    pub(crate) fn heading(self) -> Option<&'static str> {
        match self {
            Self::One => None,
            Self::Sentinel => Some("\n## Sentinel\n"),
            Self::Cluster => Some("\n## Redis Cluster\n"),
        }
    }
}
