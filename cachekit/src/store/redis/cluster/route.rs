//! The way of commands to the masters that have their slots.
//!
//! Commands of one round go to all masters at once, and those for one master together. A group is
//! sent again only if a server said that it did nothing: the slot is at another master, or on its way,
//! or the server does not know a script. A group whose answer is lost is not sent again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::{Pipeline, Value};
use tokio::time::{Instant, sleep, timeout_at};

use crate::base::fault::removed;
use crate::base::join::join_all;
use crate::store::failure::Failure;
use crate::store::redis::cluster::group::{Answer, Group, InMove, Redirection, Way};
use crate::store::redis::cluster::links::{Links, Speaker};
use crate::store::redis::place::Place;
use crate::store::redis::script::Scripts;

/// The pause before keys are asked for again that are on their way to another master.
const PAUSE: Duration = Duration::from_millis(10);

/// The number of times that a group is sent while its keys are on their way.
const MOST_TIMES: usize = 100;

/// The number of masters that may send a group on to another one. Two may contradict each other for a
/// moment, at the end of a move.
const MOST_MOVES: u8 = 2;

pub(crate) type Answered = Result<Answer, Failure>;

/// The sender of commands to the masters of a Redis Cluster.
#[derive(Debug)]
pub(crate) struct Router {
    links: Arc<Links>,
    scripts: Arc<Scripts>,
    /// The time after which a master must show again that it takes writes.
    check_after: Duration,
}

/// A group that is sent in this round: its position, its way, and the link that takes it.
struct Sent {
    index: usize,
    way: Way,
}

/// The groups of a round that go to one master.
struct Batch {
    place: Place,
    speaker: Speaker,
    origin: [u8; 8],
    sent: Vec<Sent>,
    commands: Pipeline,
    /// The time at which the batch was made, if its first command tests that the master takes writes.
    checked_at: Option<Instant>,
}

impl Router {
    pub(crate) fn new(links: Arc<Links>, scripts: Arc<Scripts>, check_after: Duration) -> Self {
        Self {
            links,
            scripts,
            check_after,
        }
    }

    /// Sends `groups`, and waits for the answers until the time `until`. Returns one result for each
    /// group, in the same order. A master that does not answer delays no group of another one.
    pub(crate) async fn run(&self, groups: Vec<Group>, until: Instant) -> Vec<Answered> {
        let mut results: Vec<Answered> = groups.iter().map(|_| Err(Failure::Unavailable)).collect();
        let mut by_master: BTreeMap<Option<Place>, (Vec<usize>, Vec<Group>)> = BTreeMap::new();
        for (index, group) in groups.into_iter().enumerate() {
            let master = self.links.master(group.slot);
            let (indexes, groups) = by_master.entry(master).or_default();
            indexes.push(index);
            groups.push(group);
        }
        let one = async |(indexes, groups): (Vec<usize>, Vec<Group>)| {
            (indexes, self.settle(groups, until).await)
        };
        let answered = join_all(by_master.into_values().map(one).collect()).await;
        for (index, answered) in answered
            .into_iter()
            .flat_map(|(at, it)| at.into_iter().zip(it))
        {
            results[index] = answered;
        }
        results
    }

    /// Sends the groups of one master, and sends them again as its answers say.
    async fn settle(&self, mut groups: Vec<Group>, until: Instant) -> Vec<Answered> {
        let mut results: Vec<Answered> = groups.iter().map(|_| Err(Failure::Unavailable)).collect();
        let mut open: Vec<Sent> = (0..groups.len())
            .map(|index| Sent {
                index,
                way: Way::default(),
            })
            .collect();
        self.await_links(&groups, &open, until).await;
        for _ in 0..MOST_TIMES {
            let round = self.send(&mut groups, open, until).await;
            open = Vec::new();
            let mut waits = false;
            for (sent, place, answered) in round {
                let redirection = answered
                    .as_ref()
                    .ok()
                    .and_then(|answer| Redirection::of(&answer.values, &place));
                let index = sent.index;
                // A master that sends a group on to another one has done nothing, and perhaps there
                // is no connection to the other one.
                let is_sent_on = matches!(
                    redirection,
                    Some(Redirection::Moved(_) | Redirection::Ask(_))
                );
                let next =
                    redirection.and_then(|to| self.next(&groups[index], sent.way, to, &mut waits));
                results[index] = if is_sent_on && next.is_some() {
                    Err(Failure::Unavailable)
                } else {
                    answered
                };
                open.extend(next.map(|way| Sent { index, way }));
            }
            if open.is_empty() || Instant::now() >= until {
                break;
            }
            if waits {
                sleep(PAUSE.min(until - Instant::now())).await;
            }
            self.await_links(&groups, &open, until).await;
        }
        results
    }

    /// Sends one group.
    pub(crate) async fn run_one(&self, group: Group, until: Instant) -> Answered {
        let mut results = self.run(vec![group], until).await;
        results.pop().unwrap_or(Err(Failure::Unavailable))
    }

    /// Returns the next way of a group whose answer was `redirection`, or `None` if the group is not
    /// sent again.
    fn next(&self, group: &Group, way: Way, to: Redirection, waits: &mut bool) -> Option<Way> {
        match to {
            Redirection::Ask(_) if group.in_move == InMove::Stay => None,
            Redirection::TryAgain if group.in_move != InMove::Follow => None,
            Redirection::Moved(place) => {
                self.links.moved(group.slot, &place);
                *waits |= way.moves > 0;
                (way.moves < MOST_MOVES).then(|| Way {
                    asking: None,
                    moves: way.moves + 1,
                    ..way
                })
            }
            // Only the owner of a slot knows where its keys are.
            Redirection::Ask(_) if way.asking.is_some() => None,
            Redirection::Ask(place) => Some(Way {
                asking: Some(self.links.named(&place)),
                ..way
            }),
            Redirection::TryAgain => {
                *waits = true;
                // The owner of the slot says where the keys are by then.
                Some(Way {
                    asking: None,
                    ..way
                })
            }
            Redirection::Unknown if !way.by_text => Some(Way {
                by_text: true,
                ..way
            }),
            Redirection::Unknown => None,
            Redirection::Down => {
                self.links.doubt();
                None
            }
        }
    }

    /// Waits until this process has links to the masters that the groups in `open` go to, or the map
    /// of slots was refreshed, or the time `until` has come.
    async fn await_links(&self, groups: &[Group], open: &[Sent], until: Instant) {
        let mut refreshed = std::pin::pin!(self.links.refreshed.notified());
        refreshed.as_mut().enable();
        let has_link = |sent: &Sent| {
            let place = self.place(groups[sent.index].slot, &sent.way);
            place.is_none_or(|place| self.links.link(&place).is_some())
        };
        if !open.iter().all(has_link) {
            self.links.doubt();
            // The groups are sent in both cases, and those without a link fail.
            let _ = timeout_at(until, refreshed).await;
        }
    }

    fn place(&self, slot: u16, way: &Way) -> Option<Place> {
        way.asking.clone().or_else(|| self.links.master(slot))
    }

    /// Sends each group of `open` on its way. Returns each with its result, and the place of the
    /// server that answered.
    async fn send(
        &self,
        groups: &mut [Group],
        open: Vec<Sent>,
        until: Instant,
    ) -> Vec<(Sent, Place, Answered)> {
        let mut batches: Vec<Batch> = Vec::new();
        for sent in open {
            let group = &mut groups[sent.index];
            let place = self.place(group.slot, &sent.way);
            let known = batches
                .iter()
                .position(|it| Some(&it.place) == place.as_ref());
            let at = known.or_else(|| {
                batches.push(self.batch(place?)?);
                Some(batches.len() - 1)
            });
            // A group without a connection keeps its result.
            let Some(batch) = at.and_then(|at| batches.get_mut(at)) else {
                self.links.doubt();
                continue;
            };
            let server = (batch.origin, &batch.speaker.connected.greeting.digests);
            group.write(&mut batch.commands, &sent.way, server, &self.scripts);
            batch.sent.push(sent);
        }
        let groups = &*groups;
        let one = |batch: Batch| run(&self.links, groups, batch, until);
        let answered = join_all(batches.into_iter().map(one).collect()).await;
        answered.into_iter().flatten().collect()
    }

    fn batch(&self, place: Place) -> Option<Batch> {
        let link = self.links.link(&place)?;
        let connected = link.connections.current()?;
        let now = Instant::now();
        let mut commands = Pipeline::new();
        let check = link.write_check.due(now, self.check_after);
        let check = check.filter(|_| !removed!(self.scripts, ReadUnchecked));
        Some(Batch {
            place,
            origin: connected.origin(),
            speaker: Speaker { link, connected },
            sent: Vec::new(),
            checked_at: check.map(|check| {
                commands.add_command(check);
                now
            }),
            commands,
        })
    }
}

/// Sends `batch`, and returns each of its groups with its own answers.
async fn run(
    links: &Links,
    groups: &[Group],
    batch: Batch,
    until: Instant,
) -> Vec<(Sent, Place, Answered)> {
    let Batch {
        place,
        speaker,
        origin,
        sent,
        commands,
        checked_at,
    } = batch;
    let Speaker { link, connected } = &speaker;
    let run = link.connections.run(connected, &commands, until).await;
    let mut values = run.map(Vec::into_iter);
    let mut takes_writes = true;
    if let (Some(sent_at), Ok(values)) = (checked_at, &mut values) {
        match values.next() {
            Some(Value::Int(_)) => link.write_check.passed(sent_at),
            Some(refused) => {
                takes_writes = false;
                if is_of_another_slot(&refused) {
                    links.leave_tested_slot(&place, link);
                }
            }
            None => {}
        }
    }
    let one = |sent: Sent| {
        let group = &groups[sent.index];
        let answered = match &mut values {
            Err(failure) => Err(failure.clone()),
            Ok(values) => {
                let mut take = || {
                    // The answer to `ASKING` says nothing, because it never fails.
                    if sent.way.asking.is_some() {
                        values.next();
                    }
                    values.next()
                };
                let values: Vec<Value> = (0..group.len()).filter_map(|_| take()).collect();
                if takes_writes || says_no(&values, &place) {
                    Ok(Answer {
                        values,
                        origin,
                        speaker: speaker.clone(),
                    })
                } else {
                    Err(unproved(group))
                }
            }
        };
        (sent, place.clone(), answered)
    };
    sent.into_iter().map(one).collect()
}

/// Returns the failure of a group that was answered by a master that did not prove that it takes
/// writes. The answers to reads may be old, so they are not used. The master answered in time and no
/// data was changed, so this is no failure for the circuit breaker.
fn unproved(group: &Group) -> Failure {
    if group.only_reads() {
        Failure::Unavailable
    } else {
        Failure::Indeterminate
    }
}

/// Returns `true` if `values` say that the server did not do what it was asked to do, which even a
/// server that takes no writes may say.
fn says_no(values: &[Value], place: &Place) -> bool {
    let is_error = |value: &Value| matches!(value, Value::ServerError(_));
    values.iter().all(is_error) || Redirection::of(values, place).is_some()
}

/// Returns `true` if the answer `refused` says that the slot of the name gets another master.
fn is_of_another_slot(refused: &Value) -> bool {
    matches!(refused, Value::ServerError(error) if ["MOVED", "ASK"].contains(&error.code()))
}
