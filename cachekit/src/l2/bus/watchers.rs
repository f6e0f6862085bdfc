//! Watchers of the messages that arrive on the bus, such as the command `cachekit watch`.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::base::counter::Counter;
use crate::base::sync::Mutex;
use crate::store::message::BusMessage;

/// The number of messages that wait for one watcher. Further messages are lost to that watcher, and
/// counted.
const ROOM: usize = 1024;

/// The watchers of the messages that this node receives.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    senders: Mutex<Vec<Sender<BusMessage>>>,
    missed: Arc<Counter>,
}

impl Watchers {
    /// Adds a watcher, which gets each message from now on, until its receiver is dropped.
    pub(crate) fn add(&self) -> Receiver<BusMessage> {
        let (sender, receiver) = channel(ROOM);
        self.senders.lock().push(sender);
        receiver
    }

    /// Returns the counter of messages that watchers missed, because they did not take them in
    /// time.
    pub(crate) fn missed(&self) -> Arc<Counter> {
        Arc::clone(&self.missed)
    }

    /// Ends the streams of all watchers, because no further message is handled.
    pub(crate) fn close(&self) {
        self.senders.lock().clear();
    }

    /// Gives `message` to each watcher, if it is an invalidation or a write.
    pub(crate) fn see(&self, message: &BusMessage) {
        let is_seen = matches!(
            message,
            BusMessage::Invalidated { .. }
                | BusMessage::WriteApplied { .. }
                | BusMessage::ExternalCommand(..)
        );
        let mut senders = self.senders.lock();
        if !is_seen || senders.is_empty() {
            return;
        }
        senders.retain(|sender| !sender.is_closed());
        for sender in &*senders {
            if sender.try_send(message.clone()).is_err() {
                self.missed.bump();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::error::TryRecvError;

    use super::*;
    use crate::model::invalidation_mode::InvalidationMode;
    use crate::store::message::NodeId;

    fn message() -> BusMessage {
        BusMessage::ExternalCommand(InvalidationMode::Hard, Vec::new())
    }

    #[test]
    fn a_slow_watcher_loses_messages_and_holds_up_nobody() {
        let watchers = Watchers::default();
        let (mut slow, gone) = (watchers.add(), watchers.add());
        drop(gone);
        watchers.see(&BusMessage::Hello {
            from: NodeId([1; 16]),
        });
        for _ in 0..ROOM + 3 {
            watchers.see(&message());
        }
        assert_eq!(watchers.missed().sum(), 3);
        assert_eq!(
            watchers.senders.lock().len(),
            1,
            "the one that is gone is forgotten"
        );
        let mut taken = 0;
        while slow.try_recv().is_ok() {
            taken += 1;
        }
        assert_eq!(taken, ROOM);
        watchers.close();
        assert_eq!(slow.try_recv(), Err(TryRecvError::Disconnected));
    }
}
