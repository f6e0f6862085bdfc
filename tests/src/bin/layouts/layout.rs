//! Ways to keep an entry together with its token and its lease.

use redis::{Cmd, Pipeline, cmd};

use crate::scripts;

/// How long entries and leases of the measurement live, in milliseconds: longer than it.
const TTL: u64 = 3_600_000;
/// The holder of every lease.
const HOLDER: &str = "holder-of-the-lease-0001";

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The entry and, while somebody computes it, a second string with token and lease.
    TwoKeys,
    /// The same with an empty entry where there is none yet.
    Marked,
    /// A hash with a field for each.
    Hash,
    /// A string that begins with both.
    Header,
}

/// The scripts of a layout, by their digests.
pub(crate) struct Scripts {
    pub(crate) acquire: String,
    pub(crate) fill: String,
}

impl Layout {
    pub(crate) const ALL: [Self; 4] = [Self::TwoKeys, Self::Marked, Self::Hash, Self::Header];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TwoKeys => "A  two keys",
            Self::Marked => "A' two keys, marked",
            Self::Hash => "B  hash",
            Self::Header => "C  header",
        }
    }

    /// Acquire and fill, as they are written.
    pub(crate) fn sources(self) -> [&'static str; 2] {
        match self {
            Self::TwoKeys => [scripts::TWO_KEYS_ACQUIRE, scripts::TWO_KEYS_FILL],
            Self::Marked => [scripts::MARKED_ACQUIRE, scripts::MARKED_FILL],
            Self::Hash => [scripts::HASH_ACQUIRE, scripts::HASH_FILL],
            Self::Header => [scripts::HEADER_ACQUIRE, scripts::HEADER_FILL],
        }
    }

    /// The keys of an entry: the first is the one that a person would delete.
    pub(crate) fn keys(self, id: &str) -> Vec<String> {
        let entry = format!("cache:{self:?}:user:{id}");
        match self {
            Self::TwoKeys | Self::Marked => vec![entry.clone(), format!("{entry}:lease")],
            Self::Hash | Self::Header => vec![entry],
        }
    }

    /// What a hit asks for.
    pub(crate) fn hit(self, id: &str, versions: &[String]) -> Pipeline {
        let entry = &self.keys(id)[0];
        let mut pipeline = redis::pipe();
        pipeline.cmd("PTTL").arg(entry);
        if self == Self::Hash {
            pipeline.cmd("HGET").arg(entry).arg("v");
            pipeline.cmd("MGET").arg(versions);
        } else {
            pipeline.cmd("MGET").arg(entry).arg(versions);
        }
        pipeline
    }

    /// Takes the lease, for so many milliseconds.
    pub(crate) fn acquire(self, scripts: &Scripts, id: &str, token: &str, lease: u64) -> Cmd {
        let mut acquire = self.script(&scripts.acquire, id);
        acquire.arg(token).arg(HOLDER).arg(lease).arg(TTL);
        acquire
    }

    /// Stores the value if the token counts.
    pub(crate) fn fill(self, scripts: &Scripts, id: &str, token: &str, value: &[u8]) -> Cmd {
        let mut fill = self.script(&scripts.fill, id);
        fill.arg(token);
        if self == Self::Header {
            let header = format!("{token}{:040}", 0);
            fill.arg([header.as_bytes(), value].concat());
        } else {
            fill.arg(value);
        }
        fill.arg(TTL);
        fill
    }

    fn script(self, digest: &str, id: &str) -> Cmd {
        let keys = self.keys(id);
        let mut script = cmd("EVALSHA");
        script.arg(digest).arg(keys.len()).arg(keys);
        script
    }
}
