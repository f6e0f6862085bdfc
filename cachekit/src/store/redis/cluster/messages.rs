//! Messages to other nodes of a Redis Cluster, and the marks that are removed after them.
//!
//! All channels and the marks are in one slot, the bus slot.

use redis::{Cmd, cmd};
use tokio::time::Instant;

use crate::base::fault::removed;
use crate::store::failure::Failure;
use crate::store::fill::Fill;
use crate::store::key_name::StoreKey;
use crate::store::message::BusMessage;
use crate::store::redis::cluster::Cluster;
use crate::store::redis::cluster::group::Group;
use crate::store::redis::script::{Call, Script};
use crate::store::write_mark::WriteMark;

impl Cluster {
    /// Sends a message on the channel `channel`, which is in the bus slot. Returns the number of
    /// subscribers that are connected to the master of that slot.
    pub(crate) async fn publish(
        &self,
        channel: &[u8],
        message: &[u8],
        until: Instant,
    ) -> Result<i64, Failure> {
        let mut publish = cmd("SPUBLISH");
        publish.arg(channel).arg(message);
        self.count(self.on_bus().with(publish), until).await
    }

    /// Sends `message` to every node, through a master that takes writes, and removes the marks
    /// `ended` after that.
    pub(crate) async fn tell_all(
        &self,
        message: &BusMessage,
        ended: &[WriteMark],
        until: Instant,
    ) -> Result<(), Failure> {
        let marks = ended.iter().map(|mark| mark.as_bytes().to_vec());
        let args = [self.names.bus().to_vec(), self.told(message)];
        let keys = [self.names.beat(), self.names.marks()];
        let call = Call::new(keys, args.into_iter().chain(marks));
        let group = self.on_bus().with_script(Script::TellCluster, call);
        self.count(group, until).await.map(drop)
    }

    /// Returns the command that removes the marks `ended`.
    pub(crate) fn unmarking(&self, ended: &[WriteMark]) -> Cmd {
        let mut remove = cmd("ZREM");
        remove.arg(self.names.marks());
        for mark in ended {
            remove.arg(mark.as_bytes());
        }
        remove
    }

    /// Sends the message of a write whose value was stored, and removes the write's mark.
    pub(crate) async fn tell_of(&self, fill: &Fill, until: Instant) -> Result<(), Failure> {
        match (&fill.message, &fill.ended) {
            (Some(message), ended) => self.tell_all(message, ended.as_slice(), until).await,
            (None, Some(ended)) => {
                let remove = self.unmarking(std::slice::from_ref(ended));
                self.count(self.on_bus().with(remove), until).await?;
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    /// Wakes the processes that wait for the lease of `entry`. They look again later by themselves if
    /// the message is lost.
    pub(crate) async fn wake(&self, entry: &StoreKey, until: Instant) {
        let _ = self.run_one(self.waking(entry), until).await;
    }

    /// Returns the command that wakes the processes that wait for the lease of `entry`.
    pub(crate) fn waking(&self, entry: &StoreKey) -> Group {
        let mut publish = cmd("SPUBLISH");
        publish.arg(self.names.wake()).arg(entry.as_bytes());
        self.on_bus().with(publish)
    }

    /// Returns the bytes of `message`.
    pub(crate) fn told(&self, message: &BusMessage) -> Vec<u8> {
        let mut text = message.write();
        if removed!(self, SpeakUnknown) && matches!(message, BusMessage::Invalidated { .. }) {
            text[2] = 0x7f;
        }
        text
    }
}
