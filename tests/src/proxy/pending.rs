//! The commands that the server has not answered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::resp::Kind;
use super::sent::Sent;

/// Commands that were forwarded and not answered, in order.
#[derive(Default)]
pub(super) struct Pending {
    commands: Mutex<VecDeque<Unanswered>>,
}

struct Unanswered {
    sent: Sent,
    /// How many replies are to come.
    replies: usize,
    /// Whether its replies have its name, and are pushes by RESP3.
    subscription: bool,
}

impl Pending {
    pub(super) fn push(&self, sent: Sent) {
        let name = sent.name();
        let subscription = name.ends_with("SUBSCRIBE");
        // One reply for each channel.
        let channels = if subscription { sent.args.len() - 1 } else { 1 };
        self.commands().push_back(Unanswered {
            sent,
            replies: channels.max(1),
            subscription,
        });
    }

    /// The command that this reply answers, if it is the last or only one to it.
    pub(super) fn answered(&self, kind: &Kind) -> Option<Sent> {
        let mut commands = self.commands();
        let first = commands.front_mut()?;
        let (Kind::Named(name) | Kind::Push(name)) = kind else {
            return commands.pop_front().map(|first| first.sent);
        };
        let of_subscription = first.subscription && first.sent.args[0].eq_ignore_ascii_case(name);
        let answers = match kind {
            _ if of_subscription => true,
            // A message, by RESP2, or what the server says by itself.
            _ if first.subscription => false,
            kind => !matches!(kind, Kind::Push(_)),
        };
        first.replies -= usize::from(answers);
        let last = first.replies == 0;
        last.then(|| commands.pop_front())
            .flatten()
            .map(|first| first.sent)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commands().is_empty()
    }

    fn commands(&self) -> MutexGuard<'_, VecDeque<Unanswered>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
