//! Marks of open writes, and the rounds in which the marks of dead nodes are handed out.

use super::*;
use crate::store::tests::conformance::cases::cases;
use crate::store::write_mark::{BEAT, DueMark, LAST_ROUND, WriteMark, pause_after};

fn mark_of(node: NodeId, number: u64) -> WriteMark {
    WriteMark::new(node, number, &names(&["k:a", "t:tag"]), None).expect("a mark")
}

impl Under {
    async fn mark(&self, mark: &WriteMark, life: Duration) {
        assert_eq!(self.store.mark(mark, life, soon()).await, Ok(()));
    }

    async fn unmark(&self, ended: &[WriteMark]) {
        assert_eq!(self.store.unmark(ended, soon()).await, Ok(()));
    }

    async fn sweep(&self) -> Vec<DueMark> {
        self.store.sweep(100, soon()).await.unwrap()
    }

    /// Sweeps until at least one mark is due, and returns the rounds of the due marks.
    async fn next_round(&self) -> Vec<u8> {
        for _ in 0..1_000 {
            let due = self.sweep().await;
            if !due.is_empty() {
                return due.into_iter().map(|it| it.round).collect();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no round is due");
    }
}

async fn the_mark_of_a_listening_node_is_handed_out_when_it_is_over(under: &Under) {
    let mark = mark_of(under.node, 1);
    under.mark(&mark, SHORT).await;
    assert_eq!(under.sweep().await, []);
    // The mark is renewed, as a writer that lives would do.
    under.mark(&mark, LONG).await;
    tokio::time::sleep(SHORT + BEAT).await;
    assert_eq!(under.sweep().await, []);
    under.mark(&mark, BEAT).await;
    assert_eq!(under.next_round().await, [1]);
}

async fn the_mark_of_a_dead_node_is_handed_out_at_once_and_to_one(under: &Under) {
    let mark = mark_of(NodeId::random(), 1);
    under.mark(&mark, LONG).await;
    under.mark(&mark_of(under.node, 1), LONG).await;
    assert_eq!(under.sweep().await, [DueMark { round: 1, mark }]);
    assert_eq!(under.sweep().await, [], "until the next round");
    assert_eq!(under.next_round().await, [2]);
    assert_eq!(under.next_round().await, [3]);
}

async fn a_renewed_mark_begins_anew(under: &Under) {
    let mark = mark_of(NodeId::random(), 1);
    under.mark(&mark, LONG).await;
    assert_eq!(under.next_round().await, [1]);
    assert_eq!(under.next_round().await, [2]);
    under.mark(&mark, LONG).await;
    assert_eq!(under.next_round().await, [1]);
}

async fn each_round_has_the_number_after_the_last_one(under: &Under) {
    let mark = mark_of(NodeId::random(), u64::MAX);
    under.mark(&mark, LONG).await;
    for round in 1..=5 {
        assert_eq!(under.next_round().await, [round]);
    }
    under.unmark(&[mark]).await;
    tokio::time::sleep(BEAT * 2).await;
    assert_eq!(under.sweep().await, []);
}

/// Runs on the fake store alone, because the rounds on a real server take longer than a test may.
#[tokio::test(start_paused = true)]
async fn the_last_round_is_repeated_until_the_mark_goes() {
    let under = fake();
    let mark = mark_of(NodeId::random(), 1);
    under.mark(&mark, LONG).await;
    for round in (1..=LAST_ROUND).chain([LAST_ROUND; 2]) {
        let due = DueMark {
            round,
            mark: mark.clone(),
        };
        assert_eq!(under.sweep().await, [due]);
        let moment = Duration::from_millis(1);
        tokio::time::sleep(pause_after(round).saturating_sub(moment)).await;
        assert_eq!(under.sweep().await, []);
        tokio::time::sleep(moment).await;
    }
}

async fn no_more_are_handed_out_than_were_asked_for(under: &Under) {
    for number in 0..5 {
        under.mark(&mark_of(NodeId::random(), number), LONG).await;
    }
    let mut counts = vec![];
    for _ in 0..3 {
        counts.push(under.store.sweep(2, soon()).await.unwrap().len());
    }
    assert_eq!(counts, [2, 2, 1]);
}

async fn an_invalidation_removes_the_marks_that_end_with_it(under: &Under) {
    let dead = NodeId::random();
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        for number in 0..3 {
            under.mark(&mark_of(dead, number), LONG).await;
        }
        let ended = [mark_of(dead, 0), mark_of(dead, 2)];
        let names = names(&["k:a", "t:tag"]);
        let told = BusMessage::Invalidated {
            from: dead,
            ack: None,
            mode,
            names: names.clone(),
        };
        let done = under.store.invalidate(&names, mode, &ended, &told, soon());
        assert_eq!(done.await, Ok(()));
        let left = DueMark {
            round: 1,
            mark: mark_of(dead, 1),
        };
        assert_eq!(under.sweep().await, [left], "{mode:?}");
        under.unmark(&[mark_of(dead, 1)]).await;
    }
}

async fn a_soft_invalidation_without_marks_invalidates_all_its_names(under: &Under) {
    under.filled().await;
    let before = under.versions(&["t:tag", "g:org:"]).await;
    under.invalidate_softly(&["t:tag", "g:org:", "k:a"]).await;
    let after = under.versions(&["t:tag", "g:org:"]).await;
    assert!(before.iter().zip(&after).all(|(one, other)| one != other));
    assert_eq!(under.read().await.bytes, None);
}

async fn a_store_removes_the_mark_only_if_it_keeps_the_value(under: &Under) {
    let mark = mark_of(NodeId::random(), 1);
    let write = || AcquireRequest {
        force: true,
        token: TokenKind::New,
        ..ask(None)
    };
    under.mark(&mark, LONG).await;
    let grant = under.granted(&write()).await;
    let ended = Some(mark.clone());
    let fill = Fill {
        ended,
        ..spot().fill(&grant, None, &[])
    };
    under.invalidate(&["k:a"]).await;
    assert_eq!(under.fill(&fill).await, Filled::Fenced);
    assert_eq!(under.next_round().await, [1], "it was refused");
    let grant = under.granted(&write()).await;
    let fill = Fill {
        ended: fill.ended,
        ..spot().fill(&grant, None, &[])
    };
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    tokio::time::sleep(BEAT * 2).await;
    assert_eq!(under.sweep().await, []);
}

async fn strange_marks_are_handed_out_too(under: &Under) {
    let strange = WriteMark::of(b"strange");
    under.mark(&strange, LONG).await;
    assert_eq!(under.sweep().await[0].mark, strange);
}

cases! {
    the_mark_of_a_listening_node_is_handed_out_when_it_is_over
    a_soft_invalidation_without_marks_invalidates_all_its_names
    ; not_in_cluster:
    the_mark_of_a_dead_node_is_handed_out_at_once_and_to_one
    a_renewed_mark_begins_anew
    each_round_has_the_number_after_the_last_one
    no_more_are_handed_out_than_were_asked_for
    an_invalidation_removes_the_marks_that_end_with_it
    a_store_removes_the_mark_only_if_it_keeps_the_value
    strange_marks_are_handed_out_too
}
