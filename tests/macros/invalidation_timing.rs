//! An invalidation comes after the body and before the caller goes on, however the body ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use cachekit::{cached, invalidates, write_through};
use cachekit_tests::poll_once;
use tokio::task::yield_now;

use crate::{Log, fresh};

#[cached(key = "order:{id}", tags = ["order:{ret}"])]
async fn target(id: u64) -> u64 {
    id
}

/// Says whether the entry is there, now and when it is dropped.
struct Peek(Log, &'static str);

impl Peek {
    fn look(&self, when: &str) {
        // A body that takes its own entry leaves it empty.
        let entry = target::entry(1);
        let look = cachekit::untracked(entry.get());
        let there = match poll_once(pin!(look)) {
            Poll::Ready(value) => value.map_or("none".to_owned(), |value| value.to_string()),
            Poll::Pending => unreachable!("memory alone is there at once"),
        };
        self.0.add(format!("{} {when}: {there}", self.1));
    }
}

impl Drop for Peek {
    fn drop(&mut self) {
        self.look("dropped");
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Tail,
    Return,
    Question,
    ReturnError,
    Panic,
}

/// One body under several attributes.
macro_rules! writers {
    ($($(#[$attr:meta])* $name:ident)*) => {$(
        $(#[$attr])*
        async fn $name(log: &Log, end: End) -> Result<u64, String> {
            let peek = Peek(log.clone(), "body");
            peek.look("begins");
            yield_now().await;
            match end {
                End::Tail => Ok(7),
                End::Return => return Ok(7),
                End::Question => Err("question".to_owned())?,
                End::ReturnError => return Err("error".to_owned()),
                End::Panic => panic!("as asked"),
            }
        }
    )*};
}

writers! {
    #[invalidates(target(1))]
    by_reference
    #[invalidates(tags = ["order:1"])]
    by_tag
    #[invalidates(target(*ret - 6))]
    by_value
    #[invalidates(target(1), on = always)]
    always
    #[invalidates(target(1), on = before)]
    before
    #[write_through(target(1))]
    through
    #[invalidates(target(1))]
    #[invalidates(key = "order:2")]
    twice
    plain
}

/// What a call did, and what its caller saw after it.
macro_rules! seen {
    ($name:ident, $end:expr) => {
        fresh(async {
            let log = Log::default();
            target(1).await;
            let caller = Peek(log.clone(), "caller");
            let mut call = Box::pin($name(&log, $end));
            let mut polled =
                || catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut()).is_ready()));
            while let Ok(false) = polled() {}
            caller.look("goes on");
            let mut events = log.take();
            drop(caller);
            events.retain(|event| !event.starts_with("body begins"));
            events
        })
        .await
    };
}

const OK: [End; 2] = [End::Tail, End::Return];
const ERR: [End; 2] = [End::Question, End::ReturnError];

#[tokio::test]
async fn between_the_body_and_the_caller() {
    for end in OK {
        assert_eq!(seen!(plain, end), ["body dropped: 1", "caller goes on: 1"]);
        let expected = ["body dropped: 1", "caller goes on: none"];
        assert_eq!(seen!(by_reference, end), expected, "{end:?}");
        assert_eq!(seen!(by_tag, end), expected, "{end:?}");
        assert_eq!(seen!(by_value, end), expected, "{end:?}");
        assert_eq!(seen!(always, end), expected, "{end:?}");
        assert_eq!(seen!(twice, end), expected, "{end:?}");
        let expected = ["body dropped: none", "caller goes on: none"];
        assert_eq!(seen!(before, end), expected, "{end:?}");
        let expected = ["body dropped: 1", "caller goes on: 7"];
        assert_eq!(seen!(through, end), expected, "{end:?}");
    }
}

#[tokio::test]
async fn after_an_error() {
    for end in ERR {
        let unchanged = ["body dropped: 1", "caller goes on: 1"];
        assert_eq!(seen!(by_reference, end), unchanged, "{end:?}");
        assert_eq!(seen!(by_tag, end), unchanged, "{end:?}");
        assert_eq!(seen!(by_value, end), unchanged, "{end:?}");
        assert_eq!(seen!(through, end), unchanged, "{end:?}");
        let expected = ["body dropped: 1", "caller goes on: none"];
        assert_eq!(seen!(always, end), expected, "{end:?}");
        let expected = ["body dropped: none", "caller goes on: none"];
        assert_eq!(seen!(before, end), expected, "{end:?}");
    }
}

/// A body that panics may have written.
#[tokio::test]
async fn after_a_panic() {
    let expected = ["body dropped: 1", "caller goes on: none"];
    assert_eq!(seen!(by_reference, End::Panic), expected);
    assert_eq!(seen!(by_tag, End::Panic), expected);
    assert_eq!(seen!(always, End::Panic), expected);
    assert_eq!(seen!(twice, End::Panic), expected);
    assert_eq!(seen!(through, End::Panic), expected);
}

/// A caller that goes away during the body, too: the locals go first.
macro_rules! dropped {
    ($name:ident) => {
        fresh(async {
            let log = Log::default();
            target(1).await;
            let caller = Peek(log.clone(), "caller");
            let mut call = Box::pin($name(&log, End::Tail));
            assert!(poll_once(call.as_mut()).is_pending());
            drop(call);
            caller.look("goes on");
            let events = log.take();
            drop(caller);
            events
        })
        .await
    };
}

#[tokio::test]
async fn after_a_caller_that_was_dropped() {
    let expected = ["body begins: 1", "body dropped: 1", "caller goes on: none"];
    assert_eq!(dropped!(by_reference), expected);
    assert_eq!(dropped!(by_tag), expected);
    assert_eq!(dropped!(always), expected);
    assert_eq!(dropped!(twice), expected);
    assert_eq!(dropped!(through), expected);
    let mut unknown = expected;
    unknown[2] = "caller goes on: 1";
    assert_eq!(
        dropped!(by_value),
        unknown,
        "without a value nobody knows which"
    );
}

/// A call that is never polled wrote nothing.
#[tokio::test]
async fn after_a_call_that_never_began() {
    fresh(async {
        target(1).await;
        let log = Log::default();
        drop(by_reference(&log, End::Tail));
        drop(through(&log, End::Tail));
        assert_eq!(target::entry(1).get().await, Some(1));
        assert!(log.take().is_empty());
    })
    .await;
}
