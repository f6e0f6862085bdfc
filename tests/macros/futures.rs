//! Functions that return a future: `-> impl Future` and boxed ones.

use std::pin::Pin;

use cachekit::{Shared, cached, invalidates, write_through};

use crate::{Log, Noisy, fresh};

#[cached(key = "future:{id}", skip(log))]
fn free(log: Log, id: u64) -> impl Future<Output = Result<u64, String>> + Send {
    log.add("head");
    let double = id * 2;
    async move {
        log.add("begin");
        tokio::task::yield_now().await;
        if id == 0 {
            return Err("zero".to_owned());
        }
        let text = id.to_string();
        let _: u64 = text.parse().map_err(|_| "no number")?;
        Ok(double)
    }
}

fn plain(log: Log, id: u64) -> impl Future<Output = Result<u64, String>> + Send {
    log.add("head");
    let double = id * 2;
    async move {
        log.add("begin");
        tokio::task::yield_now().await;
        if id == 0 {
            return Err("zero".to_owned());
        }
        Ok(double)
    }
}

#[tokio::test]
async fn what_stands_before_the_block_runs_at_the_call() {
    fresh(async {
        for id in 0..2 {
            let logs = (Log::default(), Log::default());
            let call = plain(logs.0.clone(), id);
            logs.0.add("called");
            let expected = call.await;
            let call = free(logs.1.clone(), id);
            logs.1.add("called");
            assert_eq!(call.await, expected);
            assert_eq!(logs.0.take(), logs.1.take());
        }
        let log = Log::default();
        assert_eq!(free(log.clone(), 1).await, Ok(2));
        assert_eq!(log.take(), ["head"], "a hit runs no block");
        assert_eq!(free::entry(1).get().await, Some(2));
        assert_eq!(free::refresh(log.clone(), 1).await, Ok(2));
        assert_eq!(log.take(), ["head", "begin"]);
    })
    .await;
}

#[cached(key = "boxed-future:{id}")]
fn boxed<'a>(
    id: &'a str,
    log: &'a Log,
) -> Pin<Box<dyn Future<Output = Result<u64, std::num::ParseIntError>> + Send + 'a>> {
    Box::pin(async move {
        log.add(id);
        Ok(id.parse::<u64>()? + 1)
    })
}

#[cached(key = "borrowing:{id}", skip(log))]
fn borrowing(log: &Log, id: &str) -> impl Future<Output = String> {
    async move {
        log.add(id);
        id.to_uppercase()
    }
}

/// What the block borrows outlives the call; what the key names, the block need not know.
#[cached(key = "without-move:{id}:{name}", skip(log))]
fn without_move<'a>(log: &'a Log, id: u64, name: &'a str) -> impl Future<Output = usize> + 'a {
    log.add("head");
    async { log.0.lock().map_or(0, |events| events.len()) + name.len() }
}

#[cached(key = "nothing-borrowed:{id}")]
fn nothing_borrowed(id: u64) -> impl Future<Output = u64> {
    async { 1 }
}

#[cached(key = "boxed-without-move:{id}")]
fn boxed_without_move(id: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async { 2 })
}

#[invalidates(nothing_borrowed(id), boxed_without_move(id))]
fn write_without_move(id: u64, log: &Log) -> impl Future<Output = ()> {
    async { log.add("written") }
}

#[tokio::test]
async fn blocks_without_move() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(without_move(&log, 1, "ab").await, 3);
            assert_eq!(nothing_borrowed(1).await, 1);
            assert_eq!(boxed_without_move(1).await, 2);
        }
        assert_eq!(log.take(), ["head", "head"]);
        assert_eq!(nothing_borrowed::entry(1).get().await, Some(1));
        write_without_move(1, &log).await;
        assert_eq!(log.take(), ["written"]);
        assert_eq!(nothing_borrowed::entry(1).get().await, None);
        assert_eq!(boxed_without_move::entry(1).get().await, None);
    })
    .await;
}

#[cached(key = "empty:{id}")]
fn unit(id: u64) -> impl Future<Output = ()> + Send + 'static {
    async move {
        let _ = id;
    }
}

#[invalidates(free(_, id), boxed("7", _), tags = ["x:{ret}"])]
fn write(id: u64, noisy: Noisy) -> impl Future<Output = Result<u64, String>> + Send {
    async move {
        tokio::task::yield_now().await;
        noisy.1.add("written");
        if id == 0 { Err("zero")? } else { Ok(id) }
    }
}

#[write_through(free(_, id))]
fn store(id: u64) -> impl Future<Output = Result<u64, String>> {
    async move { Ok(id * 100) }
}

#[tokio::test]
async fn boxed_borrowing_and_writing() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(boxed("7", &log).await, Ok(8));
            assert_eq!(borrowing(&log, "x").await, "X");
            unit(1).await;
        }
        boxed("x", &log).await.expect_err("no number");
        assert_eq!(log.take(), ["7", "x", "x"]);
        free(log.clone(), 1).await.expect("right");
        log.take();
        write(1, Noisy::new("noisy", &log)).await.expect("right");
        assert_eq!(log.take(), ["written", "drop noisy"]);
        assert_eq!(free::entry(1).get().await, None);
        assert_eq!(boxed::entry("7").get().await, None);
        store(1).await.expect("right");
        assert_eq!(free::entry(1).get().await, Some(100));
        assert_eq!(unit::entry(1).get().await, Some(()));
    })
    .await;
}

trait Repository {
    fn get(&self, id: u64) -> impl Future<Output = Result<String, String>> + Send;
    fn set(&self, id: u64) -> impl Future<Output = u64> + Send;
}

struct Users(Log);

impl Shared for Users {}

impl Users {
    #[cached(key = "future:method:{id}")]
    pub(crate) fn method(&self, id: u64) -> impl Future<Output = u64> + Send {
        let log = self.0.clone();
        async move {
            log.add("method");
            id
        }
    }

    #[invalidates(self.method(id))]
    fn change(&self, id: u64) -> impl Future<Output = u64> + Send {
        async move {
            self.0.add("change");
            id
        }
    }
}

impl Repository for Users {
    #[cached(key = "future:trait:{id}")]
    fn get(&self, id: u64) -> impl Future<Output = Result<String, String>> + Send {
        self.0.add("head");
        async move {
            self.0.add("get");
            if id == 0 {
                return Err("zero".to_owned());
            }
            Ok(id.to_string())
        }
    }

    #[invalidates(key = "future:trait:{id}")]
    fn set(&self, id: u64) -> impl Future<Output = u64> + Send {
        async move { id }
    }
}

#[tokio::test]
async fn methods() {
    fresh(async {
        let users = Users(Log::default());
        for _ in 0..2 {
            assert_eq!(users.method(1).await, 1);
            assert_eq!(users.get(1).await.as_deref(), Ok("1"));
        }
        assert_eq!(users.0.take(), ["method", "head", "get", "head"]);
        users.change(1).await;
        assert_eq!(users.method_entry(1).get().await, None);
        users.set(1).await;
        users.get(1).await.expect("right");
        assert_eq!(users.0.take(), ["change", "head", "get"]);
    })
    .await;
}
