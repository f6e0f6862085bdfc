//! The search for the master: all sentinels are asked at once, and the server that proves to be the
//! master is used.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::base::select::select;
use crate::store::redis::address::Address;
use crate::store::redis::place::Place;
use crate::store::redis::sentinel::answer::Answer;
use crate::store::redis::sentinel::question::ask;
use crate::store::redis::sentinel::sentinels::Sentinels;
use crate::store::redis::unconnected::Unconnected;

const MOVED: &str = "another server became the master";

/// A round of questions to all sentinels.
struct Search {
    asked: JoinSet<Result<Option<Answer>, Unconnected>>,
    /// The answer that was the newest one when this search began.
    known: Option<Answer>,
    /// The number of the newest choice, of that answer and of those of this search.
    newest: u64,
    /// `true` if a sentinel gave an answer that is as new.
    has_new: bool,
    /// The places that were tried.
    tried: Vec<Place>,
    /// An answer that is older than what is known. It counts if no sentinel gives a newer one, as
    /// when the sentinels were set up anew.
    older: Option<Answer>,
    /// The number of sentinels that do not know the set.
    strangers: usize,
    failures: Vec<Unconnected>,
}

/// Asks all sentinels for the master, and calls `attempt` with the address in each answer, until an
/// attempt succeeds. Returns the result of that attempt, and the number of changes of the master that
/// it knows of. An attempt must fail with a server that is not the master. Ends early if another
/// server becomes the master meanwhile.
pub(crate) async fn connect<T, F, Fut>(
    sentinels: &Arc<Sentinels>,
    attempt: F,
) -> Result<(T, u64), Unconnected>
where
    F: Fn(Address) -> Fut,
    Fut: Future<Output = Result<T, Unconnected>>,
{
    let since = sentinels.changes();
    let mut search = Search::begin(sentinels);
    let mut last = None;
    while let Some(answer) = search.next().await {
        let mut made = None;
        let trying = async { made = Some(attempt(sentinels.master_at(&answer.place)).await) };
        select(trying, sentinels.changed(since)).await;
        match made {
            Some(Ok(made)) => {
                let seen = sentinels.found(&answer, since);
                let moved = || Unconnected::passing(MOVED);
                return Ok((made, seen.ok_or_else(moved)?));
            }
            Some(Err(error)) => last = Some(error),
            None => return Err(Unconnected::passing(MOVED)),
        }
    }
    Err(last.unwrap_or_else(|| search.failure(&sentinels.name)))
}

/// Asks all sentinels for the master. Returns the address and the answer of each.
pub(crate) async fn ask_all(
    sentinels: &Sentinels,
) -> Vec<(Address, Result<Option<Answer>, Unconnected>)> {
    let mut asked = JoinSet::new();
    for (number, address) in sentinels.addresses.iter().enumerate() {
        let (address, name) = (address.clone(), sentinels.name.clone());
        asked.spawn(async move {
            let answer = ask(&address, &name).await;
            (number, address, answer)
        });
    }
    let mut answers: Vec<_> = asked.join_all().await;
    answers.sort_by_key(|(number, ..)| *number);
    let answers = answers.into_iter();
    answers
        .map(|(_, address, answer)| (address, answer))
        .collect()
}

impl Search {
    fn begin(sentinels: &Sentinels) -> Self {
        let known = sentinels.known();
        let mut asked = JoinSet::new();
        for address in &sentinels.addresses {
            let (address, name) = (address.clone(), sentinels.name.clone());
            asked.spawn(async move { ask(&address, &name).await });
        }
        Self {
            asked,
            newest: known.epoch(),
            known: known.newest,
            has_new: false,
            tried: Vec::new(),
            older: None,
            strangers: 0,
            failures: Vec::new(),
        }
    }

    /// Waits for the next answer that is worth an attempt. Returns `None` if there is none any more.
    async fn next(&mut self) -> Option<Answer> {
        while let Some(joined) = self.asked.join_next().await {
            match joined {
                Ok(Ok(Some(answer))) => {
                    if let Some(candidate) = self.judge(answer) {
                        return Some(candidate);
                    }
                }
                Ok(Ok(None)) => self.strangers += 1,
                Ok(Err(error)) => self.failures.push(error),
                // The runtime ends, and this search with it.
                Err(_) => {}
            }
        }
        if self.has_new {
            return None;
        }
        // The sentinel that knows more than those that answered may be away.
        let known = self.known.take();
        known.or_else(|| self.older.take())
    }

    /// Returns `answer` if it is as new as what is known, and its place was not tried.
    fn judge(&mut self, answer: Answer) -> Option<Answer> {
        if answer.epoch < self.newest {
            let is_newest = self.older.as_ref();
            if is_newest.is_none_or(|older| older.epoch < answer.epoch) {
                self.older = Some(answer);
            }
            return None;
        }
        self.newest = answer.epoch;
        self.has_new = true;
        let is_tried = self.tried.contains(&answer.place);
        if !is_tried {
            self.tried.push(answer.place.clone());
        }
        (!is_tried).then_some(answer)
    }

    /// Returns the reason for which no sentinel named a master. It is lasting only if no sentinel
    /// could give another answer later.
    fn failure(mut self, name: &str) -> Unconnected {
        let are_lasting = self.failures.iter().all(|it| it.lasting.is_some());
        if self.strangers > 0 && are_lasting {
            return Unconnected::lasting(
                "the sentinels".to_owned(),
                format!("know no master with the name `{name}`"),
                "give the name that `sentinel monitor` has in their configuration",
            );
        }
        if are_lasting && let Some(refused) = self.failures.pop() {
            return refused;
        }
        let why = self.failures.iter().find(|it| it.lasting.is_none());
        let why = why.map_or("", |it| &it.why);
        Unconnected::passing(format!("no sentinel names the master: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(newest: u64) -> Search {
        Search {
            asked: JoinSet::new(),
            known: None,
            newest,
            has_new: false,
            tried: Vec::new(),
            older: None,
            strangers: 0,
            failures: Vec::new(),
        }
    }

    fn answer(port: u16, epoch: u64) -> Answer {
        let host = "127.0.0.1".to_owned();
        let place = Place { host, port };
        Answer { place, epoch }
    }

    #[tokio::test]
    async fn an_older_answer_counts_only_without_a_newer_one() {
        let mut search = search(5);
        assert_eq!(search.judge(answer(1, 3)), None);
        assert_eq!(search.judge(answer(2, 4)), None);
        assert_eq!(
            search.next().await,
            Some(answer(2, 4)),
            "the newest of them"
        );

        let mut search = self::search(5);
        assert_eq!(search.judge(answer(1, 4)), None);
        assert_eq!(search.judge(answer(2, 5)), Some(answer(2, 5)));
        assert_eq!(search.judge(answer(2, 5)), None, "it was tried");
        assert_eq!(search.next().await, None);
    }

    #[tokio::test]
    async fn what_is_known_comes_before_an_older_answer() {
        let mut search = search(5);
        search.known = Some(answer(1, 5));
        assert_eq!(search.judge(answer(2, 4)), None);
        assert_eq!(search.next().await, Some(answer(1, 5)));
        assert_eq!(search.next().await, Some(answer(2, 4)));
        assert_eq!(search.next().await, None);
    }

    #[test]
    fn a_wrong_name_is_a_mistake_and_silence_is_not() {
        let mut unknown = search(0);
        unknown.strangers = 2;
        let failure = unknown.failure("mymaster");
        let lasting = failure.lasting.expect("a mistake");
        assert!(lasting.problem.contains("`mymaster`"), "{lasting:?}");

        let mut silent = search(0);
        silent.strangers = 1;
        silent.failures.push(Unconnected::passing("silence"));
        let failure = silent.failure("mymaster");
        assert!(failure.lasting.is_none() && failure.why.ends_with("silence"));
    }
}
