//! Free functions: a miss runs the body once, a hit does not, and both do everything else as
//! before.

use std::num::ParseIntError;
use std::pin::pin;

use cachekit::cached;
use cachekit_tests::poll_once;
use tokio::task::yield_now;

use crate::{Log, fresh, twins};

twins! {
    #[cached(key = "sum:{left}:{right}", skip(log))]
    fn sum and plain_sum(log: &Log, left: u64, right: &str) -> Result<u64, ParseIntError> {
        log.add(format!("begin {left} {right}"));
        if left == 0 {
            log.add("early");
            return Ok(0);
        }
        yield_now().await;
        let right: u64 = right.parse()?;
        for round in 0.. {
            log.add(format!("round {round}"));
            yield_now().await;
            if round == right {
                break;
            }
        }
        log.add("end");
        Ok(left + right)
    }
}

#[tokio::test]
async fn a_miss_runs_the_body_as_it_stands() {
    for (left, right) in [(1, "2"), (0, "2"), (1, "x"), (7, "0")] {
        let (log, plain) = (Log::default(), Log::default());
        let expected = plain_sum(&plain, left, right).await;
        let value = fresh(sum(&log, left, right)).await;
        assert_eq!(value, expected);
        assert_eq!(log.take(), plain.take());
    }
}

#[tokio::test]
async fn a_hit_runs_nothing() {
    fresh(async {
        let log = Log::default();
        assert_eq!(sum(&log, 1, "1").await, Ok(2));
        assert_eq!(log.take().len(), 4);
        assert_eq!(sum(&log, 1, "1").await, Ok(2));
        assert!(log.take().is_empty());
        assert_eq!(sum(&log, 1, "0").await, Ok(1), "another key");
        assert_eq!(log.take(), ["begin 1 0", "round 0", "end"]);
    })
    .await;
}

#[tokio::test]
async fn an_error_is_not_kept() {
    fresh(async {
        let log = Log::default();
        sum(&log, 1, "x").await.expect_err("no number");
        sum(&log, 1, "x").await.expect_err("no number");
        assert_eq!(log.take(), ["begin 1 x", "begin 1 x"]);
    })
    .await;
}

fn evaluated<T>(log: &Log, name: &str, value: T) -> T {
    log.add(format!("evaluate {name}"));
    value
}

/// Arguments are evaluated where the call stands, the body where it is awaited.
#[tokio::test]
async fn nothing_runs_before_the_first_poll() {
    fresh(async {
        let log = Log::default();
        for round in 0..2 {
            let call = sum(
                evaluated(&log, "log", &log),
                evaluated(&log, "left", 0),
                evaluated(&log, "right", "1"),
            );
            log.add("called");
            assert_eq!(call.await, Ok(0));
            let mut events = vec!["evaluate log", "evaluate left", "evaluate right", "called"];
            if round == 0 {
                events.extend(["begin 0 1", "early"]);
            }
            assert_eq!(log.take(), events);
        }
    })
    .await;
}

/// The body is polled when the call is, and gets as far as it would without the attribute.
#[tokio::test]
async fn polls_are_the_same() {
    fn polls(call: impl Future, log: &Log) -> Vec<Vec<String>> {
        let mut call = pin!(call);
        let mut polls = Vec::new();
        loop {
            let ready = poll_once(call.as_mut()).is_ready();
            polls.push(log.take());
            if ready {
                return polls;
            }
        }
    }
    let log = Log::default();
    let plain = polls(plain_sum(&log, 1, "3"), &log);
    let annotated = fresh(async { polls(sum(&log, 1, "3"), &log) }).await;
    assert_eq!(annotated, plain);
}

#[cached]
async fn nothing() {}

#[cached(key = "unit:{log_name}", skip(log))]
async fn unit(log: &Log, log_name: &str) {
    log.add(log_name);
}

#[cached(key = "unit-result", skip(log))]
async fn unit_result(log: &Log) -> Result<(), String> {
    log.add("unit result");
    Err("not yet".to_owned())?;
    Ok(())
}

#[tokio::test]
async fn functions_that_return_nothing() {
    fresh(async {
        let log = Log::default();
        nothing().await;
        unit(&log, "once").await;
        unit(&log, "once").await;
        assert_eq!(log.take(), ["once"]);
        assert_eq!(unit::entry("once").get().await, Some(()));
        unit_result(&log).await.expect_err("not yet");
        unit_result(&log).await.expect_err("not yet");
        assert_eq!(log.take().len(), 2);
    })
    .await;
}

#[cached(key = "never:{id}")]
async fn never(id: u64) -> u64 {
    if id > 0 {
        return id;
    }
    panic!("no id {id}")
}

#[tokio::test]
#[should_panic(expected = "no id 0")]
async fn a_panic_of_the_body_is_the_callers() {
    fresh(async {
        assert_eq!(never(1).await, 1);
        never(0).await;
    })
    .await;
}

/// The error is turned into the function's by `?`, at every place where one may stand.
#[tokio::test]
async fn errors_are_turned_into_the_functions() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    #[cached(key = "boxed:{text}")]
    async fn boxed(text: &str) -> Result<u64, Boxed> {
        let number: u64 = text.parse()?;
        if number == 1 {
            return Err("one".into());
        }
        if number == 2 {
            Err("two")?;
        }
        let checked = async { u8::try_from(number) }.await?;
        match checked {
            3 => Err(Box::new(std::fmt::Error)),
            other => Ok(other.into()),
        }
    }
    fresh(async {
        for text in ["x", "1", "2", "3", "999"] {
            boxed(text).await.expect_err(text);
        }
        assert_eq!(boxed("4").await.expect("right"), 4);
    })
    .await;
}
