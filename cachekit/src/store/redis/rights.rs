//! The rights that an account needs: for each purpose, the commands that the adapters send.
//!
//! Every command that an adapter sends, directly or from a script, has a row for its [`Purpose`], or
//! is in `OF_ALL_KEYS`.

/// The command that reports the data set of a Redis server.
pub(crate) const INFO: &str = "INFO";

/// The command that asks if a node still listens. Without the right to ask, marks of open writes are
/// carried out only when their time is over.
pub(crate) const PUBSUB: &str = "PUBSUB";

/// The command that asks for the slots of all masters of a Redis Cluster.
pub(crate) const CLUSTER_NODES: &str = "CLUSTER NODES";

/// The cache whose account is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) namespace: Box<str>,
    /// `true` if the server is a master of a Redis Cluster, where names of the bus begin with
    /// `{NAMESPACE:bus}`.
    pub(crate) is_in_cluster: bool,
}

impl Tenant {
    pub(crate) fn of_server(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
            is_in_cluster: false,
        }
    }

    pub(crate) fn of_cluster(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
            is_in_cluster: true,
        }
    }

    /// Returns `word` of a row as the cache sends it.
    pub(crate) fn word(&self, word: &str) -> String {
        let namespace = &self.namespace;
        if word.starts_with(':') {
            return format!("{namespace}{word}");
        }
        match word.strip_prefix(BUS) {
            Some(rest) => format!("{{{namespace}:bus}}{rest}"),
            None => word.to_owned(),
        }
    }

    /// Returns the patterns of an `ACL SETUSER` command that cover all keys and channels.
    pub(crate) fn patterns(&self) -> String {
        let namespace = &self.namespace;
        if self.is_in_cluster {
            format!("~{namespace}:* ~{{{namespace}:bus}}:* &{{{namespace}:bus}}*")
        } else {
            format!("~{namespace}:* &{namespace}:*")
        }
    }
}

/// The beginning of each kind of key in Redis, without the namespace before it.
const KEYS: [&str; 8] = [":k:", ":c1:", ":v:", ":t:", ":e:", ":g:", ":f:", ":all"];

/// The beginning of a name that belongs to the bus of a Redis Cluster.
const BUS: &str = "{bus}";

/// A Redis command as the cache sends it: the command's name and its arguments. An argument that
/// begins with a colon is a key or a channel, to which the namespace is prepended. An argument that
/// begins with [`BUS`] is a key or a channel in the bus slot.
type Row = &'static [&'static str];

/// The purpose that rights are needed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Every cache.
    #[default]
    Cache,
    /// The queues of write-behind functions.
    Queues,
    /// The lists of hottest keys, which a warm start reads.
    WarmStarts,
}

impl Purpose {
    /// Returns the commands that the purpose needs, with their words. `is_in_cluster` is `true` on a
    /// master of a Redis Cluster.
    pub(crate) fn rows(
        self,
        is_in_cluster: bool,
    ) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        let (rows, others, of_all_keys) = match self {
            Self::Cache if is_in_cluster => (ROWS, OF_CLUSTER, &OF_ALL_KEYS[..]),
            Self::Cache => (ROWS, OF_SERVER, &OF_ALL_KEYS[..]),
            Self::Queues => (OF_QUEUES, &[][..], &[][..]),
            Self::WarmStarts => (OF_WARM_STARTS, &[][..], &[][..]),
        };
        let rows = rows.iter().chain(others);
        let rows = rows.filter_map(|row| row.split_first());
        let of_all_keys = of_all_keys.iter().map(|command| (*command, &KEYS[..]));
        rows.map(|(command, words)| (*command, words))
            .chain(of_all_keys)
    }
}

const ROWS: &[Row] = &[
    &[INFO, "replication"],
    &["EVALSHA", "digest", "0"],
    &["PTTL", ":k:"],
    &["GETRANGE", ":k:", "0", "0"],
    &["STRLEN", ":t:"],
    &["SET", ":k:", "", "PX", "1"],
    &["SETRANGE", ":k:", "0", ""],
    &["PEXPIRE", ":k:", "1"],
    &["TIME"],
];

const OF_SERVER: &[Row] = &[
    &["PUBLISH", ":bus", ""],
    &["PUBLISH", ":wake", ""],
    &["PUBLISH", ":node:", ""],
    &["SUBSCRIBE", ":bus", ":wake", ":node:"],
    &["UNLINK", ":beat"],
    &["ZADD", ":intents", "1", ""],
    &["ZREM", ":intents", ""],
    &["ZRANGEBYSCORE", ":intents", "0", "1"],
    &["ZCARD", ":intents"],
    &[PUBSUB, "NUMSUB", ""],
];

const OF_CLUSTER: &[Row] = &[
    &[CLUSTER_NODES],
    &["ASKING"],
    &["SPUBLISH", "{bus}", ""],
    &["SPUBLISH", "{bus}:wake", ""],
    &["SPUBLISH", "{bus}:node:", ""],
    &["SSUBSCRIBE", "{bus}", "{bus}:wake", "{bus}:node:"],
    &["UNLINK", "{bus}:beat"],
    &["UNLINK", ":beat:"],
    &["ZADD", "{bus}:intents", "1", ""],
    &["ZREM", "{bus}:intents", ""],
    &["ZRANGEBYSCORE", "{bus}:intents", "0", "1"],
    &["ZCARD", "{bus}:intents"],
];

const OF_QUEUES: &[Row] = &[
    &["TIME"],
    &["HGET", ":wb:", ""],
    &["HSET", ":wb:", "", ""],
    &["HDEL", ":wb:", ""],
    &["HEXISTS", ":wb:", ""],
    &["HINCRBY", ":wb:", "", "1"],
    &["LINDEX", ":wb:", "0"],
    &["LRANGE", ":wb:", "0", "0"],
    &["LPOP", ":wb:"],
    &["RPUSH", ":wb:", ""],
    &["GET", ":wb:"],
    &["SET", ":wb:", ""],
    &["INCR", ":wb:"],
    &["DECR", ":wb:"],
    &["ZADD", ":wb:", "1", ""],
    &["ZREM", ":wb:", ""],
    &["ZCARD", ":wb:"],
    &["ZRANGE", ":wb:", "0", "0"],
    &["ZRANGEBYSCORE", ":wb:", "0", "1"],
    &["ZSCORE", ":wb:", ""],
    &["XADD", ":wb:", "*", "", ""],
    &["XLEN", ":wb:"],
    &["XRANGE", ":wb:", "-", "+"],
    &["XDEL", ":wb:", "0-1"],
    &["SCAN", "0"],
];

const OF_WARM_STARTS: &[Row] = &[
    &["PTTL", ":warm:"],
    &["MGET", ":warm:"],
    &["SET", ":warm:", "", "PX", "1"],
];

/// The commands that read or remove keys of every kind in [`KEYS`].
const OF_ALL_KEYS: [&str; 2] = ["MGET", "UNLINK"];
