//! The marks of open writes in Redis, and the invalidations that remove these marks.

use std::time::Duration;

use redis::{Cmd, Pipeline, Value, cmd};
use tokio::time::Instant;

use crate::base::fault::removed;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::message::BusMessage;
use crate::store::port::copies;
use crate::store::redis::reply;
use crate::store::redis::reply::{Problem, Said};
use crate::store::redis::script::{Call, Script};
use crate::store::redis::{Redis, millis, nonce};
use crate::store::write_mark::{DueMark, LAST_ROUND, WriteMark, pause_after};

impl Redis {
    /// Returns the name of the sorted set that has the marks of open writes.
    pub(crate) fn marks(&self) -> Vec<u8> {
        [&*self.prefix.bytes, b"intents"].concat()
    }

    /// Returns the keys and arguments of the Lua script that marks a write as open for the time
    /// `life`.
    pub(crate) fn marking(&self, mark: &WriteMark, life: Duration) -> Call {
        Call::new([self.marks()], [mark.as_bytes().into(), millis(life)])
    }

    /// Returns the keys and arguments of the Lua script that hands out at most `most` marks whose
    /// round is due.
    pub(crate) fn sweeping(&self, most: usize) -> Call {
        let channels = [&*self.prefix.bytes, b"node:"].concat();
        let pauses = (1..=LAST_ROUND).map(|round| millis(pause_after(round)));
        let args = [most.to_string().into(), channels];
        Call::new([self.marks()], args.into_iter().chain(pauses))
    }

    /// Returns the command that removes the marks `ended`.
    pub(crate) fn unmarking(&self, ended: &[WriteMark]) -> Cmd {
        let mut remove = cmd("ZREM");
        remove.arg(self.marks());
        for mark in ended {
            remove.arg(mark.as_bytes());
        }
        remove
    }

    /// Returns the names of the replicas' versions that an invalidation of `names` also removes.
    fn copies(&self, names: &[StoreKey]) -> impl Iterator<Item = StoreKey> {
        copies(names).filter(|_| !removed!(self, SpareCopies))
    }

    /// Removes `names`, sends `message` to every node, and then removes the marks `ended`. In this
    /// order, a node that receives the message reads the state after the removal. A mark remains if
    /// Redis refuses the removal or the message, and the names are then invalidated again.
    pub(crate) async fn remove(
        &self,
        names: &[StoreKey],
        ended: &[WriteMark],
        message: &BusMessage,
        until: Instant,
    ) -> Result<(), Failure> {
        let removes_marks_first = removed!(self, UnmarkFirst);
        if !ended.is_empty() && !removes_marks_first {
            let call = self.removing_with_marks(names, ended, message);
            return self.order(Script::Remove, call, until).await;
        }
        let mut commands = Pipeline::new();
        if removes_marks_first && !ended.is_empty() {
            commands.add_command(self.unmarking(ended));
        }
        // Without marks, two commands take the server less time than a script. They are no
        // transaction, because a server that is out of memory refuses transactions.
        commands.cmd("UNLINK");
        for name in names.iter().cloned().chain(self.copies(names)) {
            commands.arg(&self.full(&name)[..]);
        }
        commands.add_command(self.publishing(None, message));
        self.run(&commands, until, |values| reply::numbers(&values))
            .await
    }

    fn removing_with_marks(
        &self,
        names: &[StoreKey],
        ended: &[WriteMark],
        message: &BusMessage,
    ) -> Call {
        let names = names.iter().cloned().chain(self.copies(names));
        let names = names.map(|name| self.full(&name));
        let ended = ended.iter().map(|mark| mark.as_bytes().to_vec());
        let args = [self.bus(), self.told(message)];
        let keys = std::iter::once(self.marks()).chain(names);
        Call::new(keys, args.into_iter().chain(ended))
    }

    /// Invalidates `names` softly, removes the marks `ended` and publishes `message` to every node,
    /// in one atomic script.
    pub(crate) async fn invalidate_softly(
        &self,
        names: &[StoreKey],
        ended: &[WriteMark],
        message: &BusMessage,
        until: Instant,
    ) -> Result<(), Failure> {
        let copies: Vec<StoreKey> = self.copies(names).collect();
        let (entries, versions): (Vec<_>, Vec<_>) = names.iter().partition(|it| it.is_entry());
        let args = [
            nonce(),
            entries.len().to_string().into(),
            self.bus(),
            self.told(message),
        ];
        let ended = ended.iter().map(|mark| mark.as_bytes().to_vec());
        let all = entries.into_iter().chain(versions).chain(&copies);
        let names = std::iter::once(self.marks()).chain(all.map(|name| self.full(name)));
        let call = Call::new(names, args.into_iter().chain(ended));
        self.order(Script::Soften, call, until).await
    }
}

/// Reads the marks that the script of a sweep hands out.
pub(crate) fn due(value: Value) -> Said<Vec<DueMark>> {
    let Value::Array(parts) = value else {
        return Err(crate::store::redis::reply::problem(&value));
    };
    let pairs = parts.chunks_exact(2).map(|pair| match pair {
        [Value::Int(round), Value::BulkString(mark)] => Some(DueMark {
            round: u8::try_from(*round).ok()?,
            mark: WriteMark::of(mark),
        }),
        _ => None,
    });
    pairs.collect::<Option<_>>().ok_or(Problem::MalformedReply)
}
