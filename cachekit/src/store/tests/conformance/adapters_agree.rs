//! Both adapters give equal answers to random sequences of questions.

use std::collections::HashMap;

use super::*;

/// The number of random sequences of questions to the store, and the number of questions in each
/// sequence.
const SEQUENCES: u64 = 60;
const STEPS: usize = 40;

/// A question to the store, as numbers that a test draws at random.
#[derive(Debug, Clone, Copy)]
struct Question {
    kind: u8,
    holder: u8,
    /// The index, among the rights to compute that the store has granted so far, of the right that
    /// this question uses.
    fencing_token: usize,
    flags: u8,
}

/// The rights that an adapter has granted so far, and a number for each token and version that the
/// adapter made. Tokens and versions differ between adapters, but their numbers are equal.
#[derive(Default)]
struct Player {
    grants: Vec<(LeaseGrant, Option<Token>)>,
    fills: Vec<Token>,
    seen: HashMap<Vec<u8>, usize>,
}

impl Player {
    fn named(&mut self, bytes: &[u8]) -> usize {
        let next = self.seen.len();
        *self.seen.entry(bytes.to_vec()).or_insert(next)
    }

    /// Returns the number of the version, and the number of the part of the version that a soft
    /// invalidation does not change.
    fn shown_version(&mut self, version: Option<Version>) -> Option<(usize, usize)> {
        version.map(|version| (self.named(&version.0), self.named(&version.0[..16])))
    }

    fn shown_found(&mut self, found: &Found) -> String {
        use crate::encoding::envelope::head::Head;
        let bytes = found.bytes.as_deref();
        let head = bytes.and_then(Head::read).map(|head| {
            let token = self.named(&head.token.0);
            let order = bytes.and_then(Head::order);
            (token, head.holder, head.is_filled, head.is_awaited, order)
        });
        let versions: Vec<_> = found
            .versions
            .iter()
            .map(|it| self.shown_version(*it))
            .collect();
        let late = found.value_tags.as_ref().map(|(token, versions)| {
            let versions: Vec<_> = versions.iter().map(|it| self.shown_version(*it)).collect();
            (self.named(&token.0), versions)
        });
        format!("{head:?} {versions:?} {late:?}")
    }

    fn shown_acquired(&mut self, acquired: Acquired, holder: Option<Token>) -> String {
        match acquired {
            Acquired::Filled => "filled".to_owned(),
            Acquired::Held(_) => "held".to_owned(),
            Acquired::Granted(grant) => {
                let token = self.named(&grant.token.0);
                let made = grant.versions.iter().chain(&grant.guards);
                let made: Vec<_> = made.map(|it| self.named(&it.0)).collect();
                self.grants.push((grant, holder));
                format!("granted {token} {made:?}")
            }
        }
    }

    fn fencing_token(&self, question: Question) -> Option<&(LeaseGrant, Option<Token>)> {
        let count = self.grants.len();
        (count > 0).then(|| &self.grants[question.fencing_token % count])
    }

    async fn play(&mut self, under: &Under, question: Question) -> String {
        let has = |bit: u8| question.flags & 1 << bit != 0;
        match question.kind {
            0 | 1 => {
                let found = under.read().await;
                self.shown_found(&found)
            }
            2..=4 => {
                let holder = holder(question.holder);
                let rejected_token = self.fills.last().copied().filter(|_| has(0));
                let ask = AcquireRequest {
                    rejected_token,
                    ends_rejected: has(6),
                    force: has(1),
                    token: match (has(2) && has(3), has(5)) {
                        (true, true) => TokenKind::SameGeneration,
                        (true, false) => TokenKind::New,
                        (false, _) => TokenKind::Shared,
                    },
                    lease_times: LeaseTimes {
                        lease: LONG,
                        room: if has(4) { LONG } else { 2 * LONG },
                    },
                    ..ask(holder)
                };
                let acquired = under.acquire(&ask).await;
                self.shown_acquired(acquired, holder)
            }
            5 | 6 => self.fill(under, question).await,
            7 => {
                under.invalidate(&[doomed(question)]).await;
                String::new()
            }
            10 => {
                under.invalidate_softly(&[doomed(question)]).await;
                String::new()
            }
            _ => self.tell(under, question).await,
        }
    }

    async fn fill(&mut self, under: &Under, question: Question) -> String {
        let Some((grant, holder)) = self.fencing_token(question).cloned() else {
            return String::new();
        };
        let late: &[&str] = match question.flags % 3 {
            0 => &[],
            1 => &["t:org:1"],
            _ => &["t:org:1", "t:org:2"],
        };
        let order = u64::from(question.flags >> 4);
        let fill = match question.flags & 8 {
            0 => spot().fill(&grant, holder, late),
            _ => spot().any_fill(&grant, holder, late, Some(order)),
        };
        // Without a grace, an entry that is kept longer for a computation gets a grace that depends
        // on the milliseconds that passed, and these differ between the adapters.
        let fill = soft::lasting(fill);
        if let Ok(envelope) = crate::encoding::envelope::read::Envelope::parse(&fill.bytes) {
            self.fills.push(envelope.fill);
        }
        format!("{:?}", under.fill(&fill).await)
    }

    async fn tell(&mut self, under: &Under, question: Question) -> String {
        let Some((grant, holder)) = self.fencing_token(question).cloned() else {
            return String::new();
        };
        let fencing_token = spot().fencing_token(&grant, holder);
        match question.kind {
            8 => under.renew(&fencing_token, LONG).await,
            _ => under.release(&fencing_token).await,
        }
        String::new()
    }
}

/// Returns the name in the store that `question` invalidates.
fn doomed(question: Question) -> &'static str {
    let doomed = ["all", "f:a", "t:tag", "g:org:", "t:org:1", "k:a", "k:a"];
    doomed[question.fencing_token % doomed.len()]
}

#[tokio::test]
async fn every_sequence_is_answered_the_same() {
    let redis = redis().await;
    for seed in 0..SEQUENCES {
        let mut random = fastrand::Rng::with_seed(seed);
        let fake = fake();
        let everything = ["all", "f:a", "t:tag", "g:org:", "t:org:1", "t:org:2", "k:a"];
        redis.invalidate(&everything).await;
        let (mut one, mut two) = (Player::default(), Player::default());
        for step in 0..STEPS {
            let question = Question {
                kind: random.u8(0..11),
                holder: random.u8(0..4),
                fencing_token: random.usize(..),
                flags: random.u8(..),
            };
            let expected = one.play(&redis, question).await;
            let answer = two.play(&fake, question).await;
            assert_eq!(answer, expected, "seed {seed}, step {step}: {question:?}");
        }
    }
}
