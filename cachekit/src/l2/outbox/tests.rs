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
    assert_eq!(outbox.next(), [name("k:a")]);
    assert!(!outbox.is_clear(), "sent is not accepted");
    outbox.add([name("k:a")]);
    outbox.accepted();
    assert!(
        !outbox.is_clear(),
        "the second may be newer than the answer"
    );
    assert_eq!(outbox.next(), [name("k:a")]);
    outbox.accepted();
    assert!(outbox.is_clear());
}

#[test]
fn what_was_not_accepted_is_next_again() {
    let outbox = Outbox::default();
    outbox.add([name("k:a")]);
    assert_eq!(outbox.next(), outbox.next());
}

#[test]
fn an_entry_keeps_itself_waiting_and_a_tag_all() {
    let outbox = Outbox::default();
    outbox.add([name("k:a")]);
    assert!(outbox.blocks(&name("k:a")) && !outbox.blocks(&name("k:b")));
    assert_eq!(outbox.next(), [name("k:a")]);
    assert!(outbox.blocks(&name("k:a")), "until it is accepted");
    outbox.add([name("t:x"), name("k:b")]);
    outbox.accepted();
    assert!(outbox.blocks_all() && outbox.blocks(&name("k:a")));
    assert_eq!(outbox.next(), [name("t:x")], "before the others");
    assert!(outbox.blocks_all());
    outbox.accepted();
    assert!(!outbox.blocks_all() && !outbox.blocks(&name("k:a")));
    assert!(outbox.blocks(&name("k:b")));
    assert_eq!(outbox.next(), [name("k:b")]);
    outbox.accepted();
    assert!(outbox.is_clear() && !outbox.blocks(&name("k:b")));
}

#[test]
fn marks_go_after_every_name() {
    let mark =
        |number| WriteMark::new(NodeId([0; 16]), number, &[name("k:a")], None).expect("a mark");
    let outbox = Outbox::default();
    outbox.add_recorded(vec![name("k:a"), name("t:x")], vec![mark(1)]);
    assert_eq!(outbox.next(), [name("t:x")]);
    outbox.accepted();
    assert_eq!(outbox.take_ended(), [], "an entry waits");
    assert_eq!(outbox.next(), [name("k:a")]);
    assert_eq!(outbox.take_ended(), [], "sent is not accepted");
    outbox.accepted();
    assert_eq!(outbox.take_ended(), [mark(1)]);
    assert_eq!(outbox.take_ended(), []);
    let many = (0..=MAX_MARKS as u64).map(mark).collect();
    outbox.add_recorded(vec![name("k:a")], many);
    outbox.next();
    outbox.accepted();
    assert_eq!(outbox.take_ended().len(), MAX_MARKS);
}

#[test]
fn an_overflow_becomes_one_clear() {
    let outbox = Outbox::default();
    outbox.add((0..=MAX_NAMES).map(|n| name(&format!("k:{n}"))));
    outbox.add([name("k:a")]);
    assert_eq!(
        (outbox.len(), outbox.next()),
        (1, vec![StoreKey::everything()])
    );
    outbox.add([name("k:a")]);
    assert_eq!(outbox.len(), 2, "it may be newer than what is being sent");
}
