//! The Redis commands of one or more reads, and the parsing of their answers.

use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use foldhash::fast::RandomState;
use redis::{Cmd, Pipeline, RedisWrite, Value};
use smallvec::SmallVec;
use tokio::time::Instant;

use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::EntryQuery;
use crate::store::redis::connected::Connected;
use crate::store::redis::connection::ConnectionManager;
use crate::store::redis::prefix::Prefix;
use crate::store::redis::reply;
use crate::store::redis::reply::reads::{Results, Sought};

const PTTL: &str = "PTTL";

/// The number of bytes that are reserved for a key in Redis. Most keys are shorter.
const KEY_LENGTH: usize = 40;

/// The commands of one or more reads: a `PTTL` for each entry, then one `MGET`, then a Lua script
/// for each read that needs the versions of value tags (tags made from the value). An entry's
/// remaining life is read before the entry. If the entry is replaced between the two commands, the
/// remaining life that was read is too short, never too long.
pub(crate) struct ReadPipeline {
    commands: Pipeline,
    keys: Cmd,
    value_tags: Vec<Cmd>,
    /// The number of keys that were added so far to the `MGET` command in `keys`.
    count: usize,
    /// The position in the list `keys` of each version that a read of this batch depends on, so
    /// that later reads of the batch can share the version. `None` for a single read, which shares
    /// no version.
    known: Option<HashMap<StoreKey, usize, RandomState>>,
    reads: SmallVec<[Sought; 1]>,
}

impl fmt::Debug for ReadPipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys are not shown, because they contain arguments of cached functions.
        f.debug_struct("Question")
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}

impl ReadPipeline {
    /// Makes an empty pipeline for a single read, which shares no versions.
    pub(crate) fn alone() -> Self {
        Self::with_room_for(1)
    }

    /// Makes an empty pipeline for about `reads` reads. A version that several reads depend on is
    /// read once.
    pub(crate) fn shared(reads: usize) -> Self {
        let known = HashMap::with_capacity_and_hasher(2 * reads, RandomState::default());
        Self {
            known: Some(known),
            ..Self::with_room_for(reads)
        }
    }

    /// Makes an empty pipeline with memory reserved for `reads` reads and a few further keys, so
    /// that the buffers need not grow.
    fn with_room_for(reads: usize) -> Self {
        let count = 2 * reads + 4;
        let mut keys = Cmd::with_capacity(1 + count, KEY_LENGTH * count);
        keys.arg("MGET");
        Self {
            commands: Pipeline::with_capacity(reads + 1),
            keys,
            value_tags: Vec::new(),
            count: 0,
            known: None,
            reads: SmallVec::with_capacity(reads),
        }
    }

    /// Adds the read of `query` to the pipeline. If `value_tags` is `Some`, also adds the command
    /// in it, which reads the versions of value tags. Each key in Redis begins with `prefix`.
    pub(crate) fn add(&mut self, prefix: &Prefix, query: EntryQuery<'_>, value_tags: Option<Cmd>) {
        let entry = prefix.rest(query.entry);
        let length = PTTL.len() + prefix.bytes.len() + entry.len();
        let mut life = Cmd::with_capacity(2, length);
        life.arg(PTTL);
        write_key(&mut life, &prefix.bytes, &entry);
        self.commands.add_command(life);
        let entry = self.key(&prefix.bytes, &entry);
        let versions = query.versions.iter().chain(query.beside);
        let versions = versions.map(|name| self.version(prefix, name)).collect();
        let has_value_tags = value_tags.is_some();
        self.value_tags.extend(value_tags);
        self.reads.push(Sought {
            entry,
            versions,
            listed: query.versions.len(),
            has_value_tags,
        });
    }

    fn key(&mut self, prefix: &[u8], name: &[u8]) -> usize {
        write_key(&mut self.keys, prefix, name);
        self.count += 1;
        self.count - 1
    }

    fn version(&mut self, prefix: &Prefix, name: &StoreKey) -> usize {
        let known = |known: &HashMap<_, _, _>| known.get(name).copied();
        if let Some(at) = self.known.as_ref().and_then(known) {
            return at;
        }
        let at = self.key(&prefix.bytes, &prefix.rest(name));
        if let Some(known) = &mut self.known {
            known.insert(name.clone(), at);
        }
        at
    }

    /// Returns the commands of this pipeline to send to Redis, and the parser of their answers.
    pub(crate) fn asked(mut self) -> (Pipeline, Expected) {
        self.commands.add_command(self.keys);
        for value_tags in self.value_tags {
            self.commands.add_command(value_tags);
        }
        let expected = Expected {
            reads: self.reads,
            keys: self.count,
        };
        (self.commands, expected)
    }

    /// Sends the commands of this pipeline to Redis, and waits for the answers until `until`.
    /// Returns one result for each read, in the order in which the reads were added.
    pub(crate) fn ask(
        self,
        connections: &ConnectionManager,
        connected: &Arc<Connected>,
        until: Instant,
    ) -> impl Future<Output = Result<Results, Failure>> {
        let (commands, expected) = self.asked();
        async move {
            let values = connections.run(connected, &commands, until).await?;
            Ok(expected.found(values))
        }
    }
}

/// The parser of Redis' answers to the commands of a `ReadPipeline`.
pub(crate) struct Expected {
    reads: SmallVec<[Sought; 1]>,
    keys: usize,
}

impl Expected {
    /// Parses the answers `values` of Redis, and returns one result for each read, in the order in
    /// which the reads were added.
    pub(crate) fn found(&self, values: Vec<Value>) -> Results {
        reply::reads::found(values, &self.reads, self.keys)
    }
}

fn write_key(command: &mut Cmd, prefix: &[u8], name: &[u8]) {
    let mut key = command.writer_for_next_arg();
    // Writing to a `Vec` does not fail.
    let _ = key.write_all(prefix);
    let _ = key.write_all(name);
}
