//! Tests of the outbox.

use super::*;
use crate::store::message::NodeId;

fn name(text: &str) -> StoreKey {
    StoreKey::read(text.as_bytes())
}

#[test]
fn what_comes_in_while_sending_is_sent_again() {
    let outbox = Outbox::default();
    assert!(outbox.is_clear());
    outbox.add([name("k:a")]);
    assert_eq!(outbox.next(|_| true), [name("k:a")]);
    assert!(!outbox.is_clear(), "sent is not accepted");
    outbox.add([name("k:a")]);
    outbox.accepted();
    assert!(
        !outbox.is_clear(),
        "the second may be newer than the answer"
    );
    assert_eq!(outbox.next(|_| true), [name("k:a")]);
    outbox.accepted();
    assert!(outbox.is_clear());
}

#[test]
fn what_was_not_accepted_is_next_again() {
    let outbox = Outbox::default();
    outbox.add([name("k:a")]);
    assert_eq!(outbox.next(|_| true), outbox.next(|_| true));
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_late_is_sent_again_too() {
    let minute = std::time::Duration::from_secs(60);
    let outbox = Outbox::default();
    outbox.add([name("k:a")]);
    outbox.next(|_| true);
    outbox.accepted();
    tokio::time::advance(minute * 2 / 3).await;
    outbox.resend_recent();
    assert!(outbox.blocks(&name("k:a")));
    outbox.next(|_| true);
    outbox.accepted();
    tokio::time::advance(minute * 2 / 3).await;
    outbox.resend_recent();
    assert!(outbox.is_clear(), "no minute begins when it is sent again");
    outbox.add([name("k:a")]);
    outbox.next(|_| true);
    outbox.accepted();
    tokio::time::advance(minute * 2 / 3).await;
    outbox.resend_recent();
    // It is invalidated once more while it waits, so a minute begins.
    outbox.add([name("k:a")]);
    outbox.next(|_| true);
    outbox.accepted();
    tokio::time::advance(minute * 2 / 3).await;
    outbox.resend_recent();
    assert!(outbox.blocks(&name("k:a")));
}

#[test]
fn names_of_a_server_that_is_away_hold_up_no_others() {
    let outbox = Outbox::default();
    let reaches = |it: &StoreKey| *it == name("k:b") || *it == name("t:y");
    outbox.add([name("k:a"), name("k:b"), name("t:x")]);
    assert_eq!(outbox.next(reaches), [name("k:b")]);
    outbox.accepted();
    assert!(!outbox.is_clear() && outbox.blocks_all());
    assert_eq!(outbox.next(reaches), [name("t:x")], "there is nothing else");
    outbox.add([name("t:y")]);
    assert_eq!(outbox.next(reaches), [name("t:x")], "the last batch");
    outbox.give_back();
    assert!(outbox.blocks_all());
    assert_eq!(outbox.next(reaches), [name("t:y")]);
    outbox.accepted();
    assert_eq!(outbox.next(|_| true), [name("t:x")], "it still waits");
    outbox.accepted();
    assert!(!outbox.blocks_all() && outbox.blocks(&name("k:a")));
}

#[test]
fn an_overflow_covers_names_that_are_given_back() {
    let outbox = Outbox::default();
    outbox.add([name("k:a")]);
    outbox.next(|_| true);
    outbox.add((0..=MAX_NAMES).map(|n| name(&format!("k:{n}"))));
    outbox.give_back();
    assert_eq!(outbox.next(|_| true), [StoreKey::everything()]);
    outbox.accepted();
    assert!(outbox.is_clear());
}

#[test]
fn an_entry_keeps_itself_waiting_and_a_tag_all() {
    let outbox = Outbox::default();
    outbox.add([name("k:a")]);
    assert!(outbox.blocks(&name("k:a")) && !outbox.blocks(&name("k:b")));
    assert_eq!(outbox.next(|_| true), [name("k:a")]);
    assert!(outbox.blocks(&name("k:a")), "until it is accepted");
    outbox.add([name("t:x"), name("k:b")]);
    outbox.accepted();
    assert!(outbox.blocks_all() && outbox.blocks(&name("k:a")));
    assert_eq!(outbox.next(|_| true), [name("t:x")], "before the others");
    assert!(outbox.blocks_all());
    outbox.accepted();
    assert!(!outbox.blocks_all() && !outbox.blocks(&name("k:a")));
    assert!(outbox.blocks(&name("k:b")));
    assert_eq!(outbox.next(|_| true), [name("k:b")]);
    outbox.accepted();
    assert!(outbox.is_clear() && !outbox.blocks(&name("k:b")));
}

#[test]
fn marks_go_after_every_name() {
    let mark =
        |number| WriteMark::new(NodeId([0; 16]), number, &[name("k:a")], None).expect("a mark");
    let outbox = Outbox::default();
    outbox.add_recorded(vec![name("k:a"), name("t:x")], vec![mark(1)]);
    assert_eq!(outbox.next(|_| true), [name("t:x")]);
    outbox.accepted();
    assert_eq!(outbox.take_ended(), [], "an entry waits");
    assert_eq!(outbox.next(|_| true), [name("k:a")]);
    assert_eq!(outbox.take_ended(), [], "sent is not accepted");
    outbox.accepted();
    assert_eq!(outbox.take_ended(), [mark(1)]);
    assert_eq!(outbox.take_ended(), []);
    let many = (0..=MAX_MARKS as u64).map(mark).collect();
    outbox.add_recorded(vec![name("k:a")], many);
    outbox.next(|_| true);
    outbox.accepted();
    assert_eq!(outbox.take_ended().len(), MAX_MARKS);
}

#[test]
fn an_overflow_becomes_one_clear() {
    let outbox = Outbox::default();
    outbox.add((0..=MAX_NAMES).map(|n| name(&format!("k:{n}"))));
    outbox.add([name("k:a")]);
    assert_eq!(
        (outbox.len(), outbox.next(|_| true)),
        (1, vec![StoreKey::everything()])
    );
    outbox.add([name("k:a")]);
    assert_eq!(outbox.len(), 2, "it may be newer than what is being sent");
}
