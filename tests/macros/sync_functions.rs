//! Functions that are not `async`, with `tier = memory`.

use std::sync::{Arc, Barrier};
use std::thread;

use cachekit::{Cache, Shared, cached, invalidates, write_through};

use crate::{Log, Noisy, fresh};

#[cached(key = "sync:{id}:{text}", skip(log), tier = memory, tags = ["sync:{ret}"])]
fn parsed(log: &Log, id: u64, text: &str) -> Result<u64, std::num::ParseIntError> {
    log.add(format!("parse {text}"));
    if id == 0 {
        return Ok(0);
    }
    let number: u64 = text.parse()?;
    Ok(id + number)
}

#[cached(tier = memory)]
fn unit() {}

#[cached(key = "sync:maybe:{id}", tier = memory, none_ttl = 5, skip(log))]
fn maybe<T: From<u8> + Clone + Send + Sync + 'static>(log: &Log, id: u8) -> Option<T> {
    log.add("maybe");
    (id > 0).then(|| T::from(id))
}

#[tokio::test]
async fn hits_and_misses() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(parsed(&log, 1, "2"), Ok(3));
            assert_eq!(parsed(&log, 0, "x"), Ok(0));
            assert_eq!(maybe::<u64>(&log, 1), Some(1));
            assert_eq!(maybe::<u64>(&log, 0), None);
            unit();
        }
        parsed(&log, 1, "x").expect_err("no number");
        parsed(&log, 1, "x").expect_err("no number");
        assert_eq!(
            log.take(),
            ["parse 2", "parse x", "maybe", "maybe", "parse x", "parse x"]
        );
    })
    .await;
}

#[tokio::test]
async fn the_companion_is_the_same() {
    fresh(async {
        let log = Log::default();
        assert_eq!(parsed(&log, 1, "2"), Ok(3));
        let entry = parsed::entry(1, "2");
        assert_eq!(entry.key(), "sync:1:2");
        assert_eq!(entry.get().await, Some(3));
        entry.put(5).await;
        assert_eq!(parsed(&log, 1, "2"), Ok(5));
        assert_eq!(parsed::refresh(&log, 1, "2"), Ok(3));
        assert_eq!(log.take(), ["parse 2", "parse 2"]);
        cachekit::global().invalidate_tags(["sync:3"]).await;
        assert_eq!(entry.get().await, None);
        parsed(&log, 1, "2").expect("right");
        parsed::invalidate_all().await;
        parsed(&log, 1, "2").expect("right");
        assert_eq!(log.take(), ["parse 2", "parse 2"]);
        assert_eq!(parsed::stats().computations, 4);
    })
    .await;
}

#[cached(key = "sync:drops:{id}", tier = memory, skip(log, first, second))]
fn drops(log: &Log, id: u64, first: Noisy, second: Noisy) -> u64 {
    let _local = Noisy::new("local", log);
    log.add(second.name());
    log.add(first.name());
    id
}

#[expect(clippy::needless_pass_by_value, reason = "it drops them")]
fn plain_drops(log: &Log, id: u64, first: Noisy, second: Noisy) -> u64 {
    let _local = Noisy::new("local", log);
    log.add(second.name());
    log.add(first.name());
    id
}

#[tokio::test]
async fn arguments_are_dropped_as_in_the_plain_function() {
    fresh(async {
        let (log, plain) = (Log::default(), Log::default());
        let noisy = |log: &Log| (Noisy::new("first", log), Noisy::new("second", log));
        let (first, second) = noisy(&plain);
        plain_drops(&plain, 1, first, second);
        let (first, second) = noisy(&log);
        drops(&log, 1, first, second);
        assert_eq!(log.take(), plain.take());
        let (first, second) = noisy(&log);
        drops(&log, 1, first, second);
        assert_eq!(log.take(), ["drop second", "drop first"], "a hit");
    })
    .await;
}

struct Parser {
    base: u64,
    log: Log,
}

impl Shared for Parser {}

trait Parse {
    fn parse(&self, id: u64) -> u64;
    fn change(&mut self, id: u64) -> Result<u64, String>;
}

impl Parser {
    #[cached(key = "sync:method:{self.base}:{id}", tier = memory)]
    pub(crate) fn method(&self, id: u64) -> u64 {
        self.log.add("method");
        self.base + id
    }

    #[cached(key = "sync:arc:{id}", tier = memory)]
    pub(crate) fn of_arc(self: Arc<Self>, id: u64) -> u64 {
        self.log.add("of arc");
        id
    }

    #[invalidates(self.method(id), key = "sync:trait:{id}", on = always)]
    fn write(&mut self, id: u64) -> Result<(), String> {
        self.log.add("write");
        Err(self.base.to_string())
    }

    #[write_through(self.method(id), value = *ret)]
    fn store(&self, id: u64) -> Result<u64, String> {
        Ok(self.base + id + 100)
    }
}

impl Parse for Parser {
    #[cached(key = "sync:trait:{id}", tier = memory)]
    fn parse(&self, id: u64) -> u64 {
        self.log.add("parse");
        id
    }

    #[invalidates(key = "sync:trait:{id}")]
    fn change(&mut self, id: u64) -> Result<u64, String> {
        self.log.add("change");
        if id == 9 { Err("nine")? } else { Ok(id) }
    }
}

#[tokio::test]
async fn methods_and_functions_that_write() {
    fresh(async {
        let log = Log::default();
        let mut parser = Parser {
            base: 1,
            log: log.clone(),
        };
        for _ in 0..2 {
            assert_eq!((parser.method(1), parser.parse(1)), (2, 1));
        }
        assert_eq!(log.take(), ["method", "parse"]);
        parser.change(1).expect("right");
        parser.parse(1);
        parser.change(9).expect_err("nine");
        parser.parse(1);
        assert_eq!(log.take(), ["change", "parse", "change"]);
        parser.write(1).expect_err("always");
        assert_eq!((parser.method(1), parser.parse(1)), (2, 1));
        assert_eq!(log.take(), ["write", "method", "parse"]);
        parser.store(1).expect("right");
        assert_eq!(parser.method(1), 102);
        assert_eq!(parser.method_entry(1).get().await, Some(102));
        let parser = Arc::new(parser);
        assert_eq!(Arc::clone(&parser).of_arc(1), 1);
        assert_eq!(parser.of_arc(1), 1);
        assert_eq!(log.take(), ["of arc"]);
    })
    .await;
}

/// Outside a runtime, from threads that begin together: one computes.
#[test]
fn threads_share_a_computation() {
    static CACHE: std::sync::LazyLock<Cache> = std::sync::LazyLock::new(|| {
        let build = Cache::builder().build();
        match cachekit_tests::poll_once(std::pin::pin!(build)) {
            std::task::Poll::Ready(cache) => cache.expect("right"),
            std::task::Poll::Pending => unreachable!("memory alone is there at once"),
        }
    });
    #[cached(key = "sync:shared:{id}", tier = memory, cache = CACHE, skip(log))]
    fn shared(log: &Log, id: u64) -> u64 {
        log.add("run");
        thread::sleep(std::time::Duration::from_millis(50));
        id
    }
    let (log, barrier) = (Log::default(), Barrier::new(8));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(shared(&log, 1), 1);
            });
        }
    });
    assert_eq!(log.take(), ["run"]);
}
