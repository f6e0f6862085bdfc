//! Questions to all processes of a namespace: for their statistics and for their configuration.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::base::clock::Tick;
use crate::base::durations::from_now;
use crate::core::state::Cache;
use crate::l2::bus::open_questions::{AnswerReceived, OpenQuestion};
use crate::l2::tier::SharedTier;
use crate::model::answers::{AnswerError, Answers, LONGEST, NodeAnswer, VERSION};
use crate::model::config_report::EffectiveConfig;
use crate::model::question::Question;
use crate::model::server_info::QueryError;
use crate::model::stats::Stats;
use crate::ops::names::shown_node;
use crate::ops::server_info::no_answer;
use crate::store::message::BusMessage;

impl Cache {
    /// Asks all other processes of the namespace for their statistics. Returns when all have
    /// answered, or when the time `within` is over.
    ///
    /// The question goes over Redis, and each process answers this process alone. A process answers
    /// at most 10 questions in a second, and none with
    /// [`answers(false)`](crate::CacheBuilder::answers). The statistics of this process are those of
    /// [`stats`](Self::stats), and are not among the answers.
    ///
    /// # Errors
    ///
    /// Returns an error if the cache has no Redis, if Redis cannot be reached or refuses the
    /// question, or if the bus is interrupted. A process without an answer is no error, but is
    /// counted in [`Answers::silent`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the answers, and has no other effect.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn ask(cache: &cachekit::Cache) -> Result<(), cachekit::QueryError> {
    /// let answers = cache.ask_stats(std::time::Duration::from_secs(1)).await?;
    /// for (node, stats) in answers.read() {
    ///     println!("{node}: {:.2} hits of {} calls", stats.hit_rate(), stats.calls());
    /// }
    /// println!("{} processes did not answer", answers.silent);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ask_stats(&self, within: Duration) -> Result<Answers<Stats>, QueryError> {
        ask(self, Question::Stats, within).await
    }

    /// Asks all other processes of the namespace for their effective configuration, as
    /// [`ask_stats`](Self::ask_stats) asks for their statistics. No password is in an answer.
    ///
    /// # Errors
    ///
    /// Returns an error in the cases of [`ask_stats`](Self::ask_stats).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the answers, and has no other effect.
    pub async fn ask_config(
        &self,
        within: Duration,
    ) -> Result<Answers<EffectiveConfig>, QueryError> {
        ask(self, Question::Config, within).await
    }
}

async fn ask<T: DeserializeOwned>(
    cache: &Cache,
    question: Question,
    within: Duration,
) -> Result<Answers<T>, QueryError> {
    let core = cache.core();
    let l2 = core.l2.as_ref().ok_or(QueryError::NoServer)?;
    if !l2.is_bus_live(Tick::now(&*core.clock)) {
        return Err(if l2.store.is_up() {
            QueryError::NoMessages
        } else {
            QueryError::Unreachable
        });
    }
    let end = from_now(within);
    let mut open = l2.bus.open_questions.begin();
    let message = BusMessage::Ask {
        from: l2.bus.node,
        number: open.number,
        question,
    };
    let asked = l2.store.ask(&message, SharedTier::background_deadline());
    let receivers = asked.await.map_err(no_answer)?;
    // This process is among the receivers if it answers questions.
    let others = receivers.saturating_sub(usize::from(core.config.answers));
    Ok(collect(&mut open, others, end).await)
}

/// Takes the answers to `open` until `others` processes have answered, or until `end`.
async fn collect<T: DeserializeOwned>(
    open: &mut OpenQuestion<'_>,
    others: usize,
    end: Instant,
) -> Answers<T> {
    let mut nodes: Vec<NodeAnswer<T>> = Vec::new();
    while nodes.len() < others {
        let Ok(Some(answer)) = timeout_at(end, open.answers.recv()).await else {
            break;
        };
        let node = shown_node(answer.by);
        // A process answers once.
        if !nodes.iter().any(|it| it.node == node) {
            nodes.push(NodeAnswer {
                node,
                content: content(&answer),
            });
        }
    }
    nodes.sort_by(|a, b| a.node.cmp(&b.node));
    let silent = others - nodes.len();
    Answers { nodes, silent }
}

/// Parses the bytes of `answer`, which may be any bytes.
fn content<T: DeserializeOwned>(answer: &AnswerReceived) -> Result<T, AnswerError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u64,
    }

    #[derive(Deserialize)]
    struct Form<T> {
        answer: Option<T>,
    }

    if answer.text.len() > LONGEST {
        return Err(AnswerError::TooLong);
    }
    let malformed = |_| AnswerError::Malformed;
    let Versioned { version } = serde_json::from_slice(&answer.text).map_err(malformed)?;
    if version != VERSION {
        return Err(AnswerError::Version(version));
    }
    let form: Form<T> = serde_json::from_slice(&answer.text).map_err(malformed)?;
    form.answer.ok_or(AnswerError::TooLong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::message::NodeId;

    fn read(text: &[u8]) -> Result<Stats, AnswerError> {
        content(&AnswerReceived {
            by: NodeId([7; 16]),
            text: text.to_vec(),
        })
    }

    #[test]
    fn each_kind_of_bytes_is_told() {
        assert!(
            read(br#"{"version":1,"answer":{"misses":7,"new":{}}}"#).is_ok_and(|it| it.misses == 7)
        );
        let version = br#"{"version":2,"answer":[]}"#;
        assert_eq!(read(version), Err(AnswerError::Version(2)));
        let too_long = br#"{"version":1,"answer":null}"#;
        assert_eq!(read(too_long), Err(AnswerError::TooLong));
        for text in [
            &b""[..],
            b"{}",
            b"[1]",
            b"\xff",
            br#"{"version":1,"answer":{"misses":-1}}"#,
            br#"{"version":1,"answer":{"elapsed":-1.0}}"#,
            br#"{"version":1,"answer":{"elapsed":1e300}}"#,
            br#"{"version":1,"answer":{"age":{"sum":1.0,"buckets":[[0.3,1]]}}}"#,
        ] {
            assert_eq!(read(text), Err(AnswerError::Malformed), "{text:?}");
        }
        let long = vec![b' '; LONGEST + 1];
        assert_eq!(read(&long), Err(AnswerError::TooLong));
    }

    #[test]
    fn the_greatest_counters_are_added_without_a_panic() {
        let text = r#"{"version":1,"answer":{"memory_hits":M,"misses":M,"redis_hits":M,
            "by_cause":{"absent":M,"key":M,"tags":{"a:":M},"other_tags":M},
            "age":{"sum":1e19,"buckets":[[1e-6,M],[null,M]]}}}"#;
        let stats = read(text.replace('M', &u64::MAX.to_string()).as_bytes()).expect("counters");
        let mut sum = stats.calls.clone();
        sum += &stats.calls;
        assert_eq!((sum.calls(), sum.by_cause.total()), (u64::MAX, u64::MAX));
        assert_eq!((sum.by_cause.tag(), sum.age.count()), (u64::MAX, u64::MAX));
        let _ = (sum.hit_rate(), sum.age.quantile(0.99), sum.age.mean());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
        }
    }
}
