//! `#[tracing::instrument]` above an attribute and below it. The upper of two attributes is
//! expanded first, and so is the inner one.

use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::{cached, invalidates};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use crate::{Log, fresh};

/// Notes the spans of this test, with their fields, and the events in them.
struct Notes {
    log: Log,
    next: AtomicU64,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let field = format!(" {field}={value:?}");
        self.0 += &field;
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("macros")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("span {}", span.metadata().name()));
        span.record(&mut fields);
        self.log.add(fields.0);
        Id::from_u64(self.next.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields("event".to_owned());
        event.record(&mut fields);
        self.log.add(fields.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[cached(key = "spans:every-call:{id}")]
#[tracing::instrument]
async fn every_call(id: u64) -> Result<u64, String> {
    tracing::info!("body");
    Ok(id)
}

#[tracing::instrument(skip_all, fields(number = id), err)]
#[cached(key = "spans:every-run:{id}")]
async fn every_run(id: u64) -> Result<u64, String> {
    tracing::info!("body");
    tokio::task::yield_now().await;
    if id == 0 {
        return Err("zero".to_owned());
    }
    Ok(id)
}

#[tracing::instrument(err)]
#[invalidates(every_call(id), every_run(id))]
async fn write_above(id: u64) -> Result<u64, String> {
    if id == 0 { Err("zero")? } else { Ok(id) }
}

#[invalidates(every_call(id), every_run(id))]
#[tracing::instrument(name = "written", ret)]
async fn write_below(id: u64) -> Result<u64, String> {
    Ok(id)
}

struct Repository;

impl Repository {
    #[cached(key = "spans:method:{id}", skip(self))]
    #[tracing::instrument(skip(self))]
    pub(crate) async fn method(&self, id: u64) -> u64 {
        id
    }

    #[tracing::instrument(skip(self))]
    #[cached(key = "spans:sync:{id}", skip(self), tier = memory)]
    pub(crate) fn at_once(&self, id: u64) -> u64 {
        id
    }
}

fn noting() -> (Log, subscriber::DefaultGuard) {
    let log = Log::default();
    let notes = Notes {
        log: log.clone(),
        next: AtomicU64::new(0),
    };
    (log, subscriber::set_default(notes))
}

#[tokio::test]
async fn below_it_is_a_span_of_every_call() {
    let (log, _guard) = noting();
    fresh(async {
        assert_eq!(every_call(1).await, Ok(1));
        assert_eq!(log.take(), ["span every_call id=1", "event message=body"]);
        assert_eq!(every_call(1).await, Ok(1));
        assert_eq!(log.take(), ["span every_call id=1"]);
        assert_eq!(every_call::entry(1).get().await, Some(1));
        Repository.method(1).await;
        Repository.method(1).await;
        assert_eq!(log.take(), ["span method id=1", "span method id=1"]);
    })
    .await;
}

#[tokio::test]
async fn above_it_is_a_span_of_every_computation() {
    let (log, _guard) = noting();
    fresh(async {
        assert_eq!(every_run(1).await, Ok(1));
        assert_eq!(
            log.take(),
            ["span every_run number=1", "event message=body"]
        );
        assert_eq!(every_run(1).await, Ok(1));
        assert!(log.take().is_empty());
        every_run(0).await.expect_err("zero");
        assert_eq!(
            log.take(),
            [
                "span every_run number=0",
                "event message=body",
                "event error=zero"
            ]
        );
        Repository.at_once(1);
        Repository.at_once(1);
        assert_eq!(log.take(), ["span at_once id=1"]);
    })
    .await;
}

#[tokio::test]
async fn around_functions_that_write() {
    let (log, _guard) = noting();
    fresh(async {
        for above_it in [true, false] {
            every_call(1).await.expect("right");
            every_run(1).await.expect("right");
            log.take();
            if above_it {
                assert_eq!(write_above(1).await, Ok(1));
                assert_eq!(log.take(), ["span write_above id=1"]);
            } else {
                assert_eq!(write_below(1).await, Ok(1));
                assert_eq!(log.take(), ["span written id=1", "event return=Ok(1)"]);
            }
            assert_eq!(every_call::entry(1).get().await, None);
            assert_eq!(every_run::entry(1).get().await, None);
        }
        write_above(0).await.expect_err("zero");
        assert_eq!(log.take(), ["span write_above id=0", "event error=zero"]);
    })
    .await;
}
