//! The order in which arguments and locals are dropped: as in the plain function.

use std::pin::pin;

use cachekit::{cached, invalidates, write_through};
use cachekit_tests::poll_once;
use tokio::task::yield_now;

use crate::{Log, Noisy, fresh, twins};

#[cached(key = "drops:target:{id}")]
async fn target(id: u64) -> u64 {
    id
}

twins! {
    #[cached(key = "drops:{id}", skip(log, first, second, third, fourth))]
    fn computed and plain(
        log: &Log,
        id: u64,
        first: Noisy,
        second: Noisy,
        third: &Noisy,
        mut fourth: Noisy,
    ) -> Result<u64, ()> {
        let _local = Noisy::new("local", log);
        log.add(format!("{} {}", third.name(), second.name()));
        if id == 2 {
            return Err(());
        }
        if id == 3 {
            drop(second);
            log.add("dropped by hand");
        }
        yield_now().await;
        fourth.0 = "renamed";
        log.add(first.name());
        let length = Noisy::new("temporary", log).name().len();
        Ok(id + length as u64)
    }
}

twins! {
    #[invalidates(target(id))]
    fn invalidating and plain_write(
        log: &Log,
        id: u64,
        first: Noisy,
        second: Noisy,
        third: &Noisy,
        fourth: Noisy,
    ) -> Result<u64, ()> {
        let _local = Noisy::new("local", log);
        log.add(format!("{} {}", third.name(), second.name()));
        if id == 2 {
            return Err(());
        }
        yield_now().await;
        log.add(fourth.name());
        log.add(first.name());
        Ok(id)
    }
}

twins! {
    #[write_through(target(id))]
    fn written and plain_through(
        log: &Log,
        id: u64,
        first: Noisy,
        _second: Noisy,
        third: &Noisy,
        _: Noisy,
    ) -> Result<u64, ()> {
        log.add(third.name());
        yield_now().await;
        log.add(first.name());
        Ok(id)
    }
}

/// What a call of `$name` does and drops, polled at most so often.
macro_rules! log_of {
    ($name:ident, $id:expr, $polls:expr) => {
        async {
            let log = Log::default();
            let third = Noisy::new("third", &log);
            {
                let mut call = pin!($name(
                    &log,
                    $id,
                    Noisy::new("first", &log),
                    Noisy::new("second", &log),
                    &third,
                    Noisy::new("fourth", &log),
                ));
                for _ in 0..$polls {
                    if poll_once(call.as_mut()).is_ready() {
                        log.add("ready");
                        break;
                    }
                }
            }
            log.add("gone");
            log.take()
        }
    };
}

#[tokio::test]
async fn arguments_are_dropped_in_the_order_of_the_plain_function() {
    for id in 1..=3 {
        for polls in 0..=2 {
            let plain = log_of!(plain, id, polls).await;
            let annotated = fresh(log_of!(computed, id, polls)).await;
            assert_eq!(annotated, plain, "id {id}, {polls} polls");
        }
    }
}

#[tokio::test]
async fn a_hit_drops_every_argument_once() {
    fresh(async {
        log_of!(computed, 1, 2).await;
        let mut dropped = log_of!(computed, 1, 2).await;
        dropped.retain(|event| event.starts_with("drop"));
        assert_eq!(dropped, ["drop fourth", "drop second", "drop first"]);
    })
    .await;
}

#[tokio::test]
async fn functions_that_write_drop_as_the_plain_ones() {
    for id in 1..=2 {
        for polls in 0..=2 {
            let plain = log_of!(plain_write, id, polls).await;
            let annotated = fresh(log_of!(invalidating, id, polls)).await;
            assert_eq!(annotated, plain, "id {id}, {polls} polls");
            let plain = log_of!(plain_through, id, polls).await;
            let annotated = fresh(log_of!(written, id, polls)).await;
            assert_eq!(annotated, plain, "id {id}, {polls} polls");
        }
    }
}

struct Three(
    Noisy,
    #[expect(dead_code, reason = "no pattern binds it")] Noisy,
    Noisy,
);

twins! {
    #[cached(key = "parts:{id}", skip(first, third))]
    fn parts and plain_parts(
        id: u64,
        Three(first, _, third): Three,
        _: Noisy,
    ) -> u64 {
        third.1.add(format!("{} {id}", first.name()));
        id
    }
}

/// What a pattern does not bind lives as long as what it binds.
#[tokio::test]
async fn parts_are_dropped_as_in_the_plain_function() {
    let log = Log::default();
    let noisy = |name| Noisy::new(name, &log);
    let three = || Three(noisy("first"), noisy("second"), noisy("third"));
    plain_parts(1, three(), noisy("fourth")).await;
    let plain = log.take();
    fresh(parts(1, three(), noisy("fourth"))).await;
    assert_eq!(log.take(), plain);
}
