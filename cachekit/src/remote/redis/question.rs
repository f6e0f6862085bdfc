//! The commands of one or more reads, and their answers.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use redis::{Cmd, Pipeline, RedisWrite, Value, cmd};
use smallvec::SmallVec;
use tokio::time::Instant;

use super::link::{Connected, Link};
use super::reply::{self, Said, Sought};
use crate::remote::name::Name;
use crate::remote::{Failure, Found, Place};

/// Every `PTTL`, then one `MGET`, then the scripts for late tags. A life is asked for before its
/// entry: of one that is replaced in between it is too short then, never too long.
pub(super) struct Question {
    commands: Pipeline,
    keys: Cmd,
    late: Vec<Cmd>,
    /// How many `keys` there are.
    count: usize,
    /// Where each version stands that several reads may ask for.
    known: Option<HashMap<Name, usize, RandomState>>,
    reads: Vec<Sought>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the keys, which hold arguments.
        f.debug_struct("Question")
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}

impl Question {
    /// Of one read.
    pub(super) fn alone() -> Self {
        Self {
            commands: Pipeline::new(),
            keys: cmd("MGET"),
            late: Vec::new(),
            count: 0,
            known: None,
            reads: Vec::new(),
        }
    }

    /// Of several: what they have in common is asked for once.
    pub(super) fn shared() -> Self {
        let known = Some(HashMap::default());
        Self {
            known,
            ..Self::alone()
        }
    }

    /// One read more. Keys begin with `prefix`.
    pub(super) fn add(&mut self, prefix: &[u8], place: Place<'_>, late: Option<Cmd>) {
        let mut life = cmd("PTTL");
        write_key(&mut life, prefix, place.entry);
        self.commands.add_command(life);
        let entry = self.key(prefix, place.entry);
        let versions = place.versions.iter();
        let versions = versions.map(|name| self.version(prefix, name)).collect();
        let has_late = late.is_some();
        self.late.extend(late);
        self.reads.push(Sought {
            entry,
            versions,
            has_late,
        });
    }

    fn key(&mut self, prefix: &[u8], name: &Name) -> usize {
        write_key(&mut self.keys, prefix, name);
        self.count += 1;
        self.count - 1
    }

    fn version(&mut self, prefix: &[u8], name: &Name) -> usize {
        let known = |known: &HashMap<_, _, _>| known.get(name).copied();
        if let Some(at) = self.known.as_ref().and_then(known) {
            return at;
        }
        let at = self.key(prefix, name);
        if let Some(known) = &mut self.known {
            known.insert(name.clone(), at);
        }
        at
    }

    /// The commands, and what their answers are.
    pub(super) fn asked(mut self) -> (Pipeline, Expected) {
        self.commands.add_command(self.keys);
        for late in self.late {
            self.commands.add_command(late);
        }
        let expected = Expected {
            reads: self.reads,
            keys: self.count,
        };
        (self.commands, expected)
    }

    /// Asks. The answers are in the order of the reads.
    pub(super) fn ask(
        self,
        link: &Link,
        connected: &Arc<Connected>,
        until: Instant,
    ) -> impl Future<Output = Result<Vec<Said<Found>>, Failure>> {
        let (commands, expected) = self.asked();
        async move {
            let values = link.run(connected, &commands, until).await?;
            Ok(expected.found(values))
        }
    }
}

/// The answers to a question.
pub(super) struct Expected {
    reads: Vec<Sought>,
    keys: usize,
}

impl Expected {
    /// What was found, in the order of the reads.
    pub(super) fn found(&self, values: Vec<Value>) -> Vec<Said<Found>> {
        reply::found(values, &self.reads, self.keys)
    }
}

fn write_key(command: &mut Cmd, prefix: &[u8], name: &Name) {
    let mut key: SmallVec<[u8; 128]> = prefix.into();
    key.extend_from_slice(name.as_bytes());
    command.write_arg(&key);
}
