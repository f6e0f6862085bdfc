//! Questions that other nodes ask this node, and the limit of its answers.

use std::fmt;
use std::sync::OnceLock;

use crate::base::clock::Tick;
use crate::base::sync::Mutex;
use crate::model::question::Question;
use crate::store::message::NodeId;

/// The largest number of questions that a node answers in a second. The node ignores further
/// questions, so that a loop of questions cannot load a service.
pub(crate) const MOST_IN_A_SECOND: u32 = 10;

/// A second in nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// A question of another node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) from: NodeId,
    /// The number that `from` gave its question.
    pub(crate) number: u64,
    pub(crate) question: Question,
}

/// The function that answers a question of another node. It must return at once.
type Responder = Box<dyn Fn(Asked) + Send + Sync>;

/// The function that answers questions of other nodes, and the number of recent answers.
#[derive(Default)]
pub(crate) struct Questions {
    responder: OnceLock<Responder>,
    recent: Mutex<Recent>,
}

/// The number of answers of this node since `began`, in nanoseconds. A new second begins with the
/// first question after the last second has ended.
#[derive(Debug, Default)]
struct Recent {
    began: u64,
    answers: u32,
}

impl Questions {
    /// Sets the function that answers questions of other nodes. Further calls have no effect.
    pub(crate) fn answer_with(&self, responder: Responder) {
        // A cache has a single responder, so none is lost here.
        let _ = self.responder.set(responder);
    }

    /// Answers a question of another node, unless this node answered too many in this second.
    pub(crate) fn asked(&self, asked: Asked, now: Tick) {
        if let Some(responder) = self.responder.get()
            && self.recent.lock().has_room(now)
        {
            responder(asked);
        }
    }
}

impl Recent {
    /// Counts an answer at `now`. Returns `false` if this second has too many answers.
    fn has_room(&mut self, now: Tick) -> bool {
        if now.nanos().saturating_sub(self.began) >= SECOND {
            self.began = now.nanos();
            self.answers = 0;
        }
        self.answers = self.answers.saturating_add(1);
        self.answers <= MOST_IN_A_SECOND
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_loop_of_questions_gets_a_few_answers_a_second() {
        let questions = Questions::default();
        let answered = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&answered);
        questions.answer_with(Box::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        let ask_many = |at: u64| {
            for number in 0..1_000 {
                let asked = Asked {
                    from: NodeId([7; 16]),
                    number,
                    question: Question::Stats,
                };
                questions.asked(asked, Tick::from_nanos(at));
            }
            answered.load(Ordering::Relaxed)
        };
        assert_eq!(ask_many(5 * SECOND), 10);
        assert_eq!(ask_many(6 * SECOND - 1), 10, "within the second");
        assert_eq!(ask_many(6 * SECOND), 20);
    }
}
