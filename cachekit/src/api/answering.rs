//! The answers of this process to questions of other processes.

use std::sync::Arc;

use serde::Serialize;

use crate::core::state::{Cache, Core};
use crate::encoding::json_text::json_text;
use crate::l2::bus::questions::Asked;
use crate::l2::tier::SharedTier;
use crate::model::answers::{LONGEST, VERSION};
use crate::model::question::Question;
use crate::store::message::BusMessage;

/// The form in which an answer is sent. If `answer` is `None`, the answer was too long.
#[derive(Serialize)]
struct Form<T> {
    version: u64,
    answer: Option<T>,
}

/// Makes `core` answer the questions of other processes, in a background task for each question.
/// Does nothing until another process asks.
pub(crate) fn answer_questions(core: &Arc<Core>) {
    let Some(l2) = &core.l2 else {
        return;
    };
    // The reference is weak, because the responder is part of the cache.
    let core = Arc::downgrade(core);
    l2.bus.questions.answer_with(Box::new(move |asked| {
        if let Some(core) = core.upgrade() {
            answer(&core, asked);
        }
    }));
}

fn answer(core: &Arc<Core>, asked: Asked) {
    let cache = Cache {
        core: Arc::clone(core),
    };
    // The answer has a task of its own, because the bus's task has other messages to handle.
    core.background.spawn_uncounted(async move {
        let Some(l2) = &cache.core.l2 else {
            return;
        };
        let message = BusMessage::Answer {
            by: l2.bus.node,
            number: asked.number,
            text: text(&cache, asked.question),
        };
        let until = SharedTier::background_deadline();
        // A failure is ignored: the process that asked waits only for a limited time.
        let _ = l2.store.tell(Some(asked.from), &message, until).await;
    });
}

/// Returns the answer of `cache` to `question`, as JSON.
fn text(cache: &Cache, question: Question) -> Vec<u8> {
    match question {
        Question::Stats => bounded(cache.stats()),
        Question::Config => bounded(cache.config()),
    }
}

fn bounded<T: Serialize>(answer: T) -> Vec<u8> {
    let form = |answer| Form {
        version: VERSION,
        answer,
    };
    let text = json_text(&form(Some(answer)));
    let fitting = text.filter(|text| text.len() <= LONGEST);
    fitting
        .or_else(|| json_text(&form(None)))
        .unwrap_or_default()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_bounded() {
        let fits = bounded("a".repeat(LONGEST - 40));
        assert!(fits.starts_with(b"{\"version\":1,\"answer\":\"aaa"));
        let too_long = bounded("a".repeat(LONGEST));
        assert_eq!(too_long, b"{\"version\":1,\"answer\":null}");
    }
}
