//! Questions of this node to other nodes, whose answers have not all arrived.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::base::sync::Mutex;
use crate::store::message::NodeId;

/// The number of answers that wait for the asker. Further answers are dropped.
const ROOM: usize = 1024;

/// An answer to a question of this node, not parsed yet.
#[derive(Debug)]
pub(crate) struct AnswerReceived {
    pub(crate) by: NodeId,
    pub(crate) text: Vec<u8>,
}

/// The questions of this node that wait for answers, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct OpenQuestions {
    next: AtomicU64,
    open: Mutex<HashMap<u64, Sender<AnswerReceived>>>,
}

/// A question of this node. When the question is dropped, later answers to it are dropped too.
#[derive(Debug)]
pub(crate) struct OpenQuestion<'a> {
    questions: &'a OpenQuestions,
    pub(crate) number: u64,
    pub(crate) answers: Receiver<AnswerReceived>,
}

impl OpenQuestions {
    /// Begins a question with a new number, whose answers are kept from now on.
    pub(crate) fn begin(&self) -> OpenQuestion<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answers) = channel(ROOM);
        self.open.lock().insert(number, sender);
        OpenQuestion {
            questions: self,
            number,
            answers,
        }
    }

    /// Passes `answer` to the question `number` of this node, if that question is still open.
    pub(crate) fn answer_received(&self, number: u64, answer: AnswerReceived) {
        if let Some(sender) = self.open.lock().get(&number) {
            // If too many answers wait for the asker, this answer is dropped.
            let _ = sender.try_send(answer);
        }
    }
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        self.questions.open.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_reach_the_question_that_is_open() {
        let questions = OpenQuestions::default();
        let answer = || AnswerReceived {
            by: NodeId([7; 16]),
            text: b"{}".to_vec(),
        };
        let (mut one, other) = (questions.begin(), questions.begin());
        questions.answer_received(other.number, answer());
        assert!(one.answers.try_recv().is_err());
        for _ in 0..=ROOM {
            questions.answer_received(one.number, answer());
        }
        let mut taken = 0;
        while one.answers.try_recv().is_ok() {
            taken += 1;
        }
        assert_eq!(taken, ROOM);
        drop((one, other));
        assert!(questions.open.lock().is_empty());
        questions.answer_received(0, answer());
    }
}
