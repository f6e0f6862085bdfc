//! Measures the stack that recursive calls of cached functions take.
//!
//!     cargo run --release -p cachekit-tests --bin depth
//!
//! Each form runs 10,000 levels deep on a stack of 2 MiB, the default of a thread, and is also
//! dropped halfway at that depth. The plain functions would go deeper; a walk over a tree of
//! comments does not. If the stack is too small, the process ends: the form that was begun last is
//! at fault. Without `--release` frames are several times as large, and the result means nothing.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cachekit::cached;

const LEVELS: u64 = 10_000;
const STACK: usize = 2 << 20;

#[cached(key = "depth:async:{n}")]
async fn walk(n: u64) -> u64 {
    if n == 0 {
        0
    } else {
        Box::pin(walk(n - 1)).await + 1
    }
}

#[cached(key = "depth:result:{n}", ttl = 60, tags = ["depth", "depth:{ret}"])]
async fn fallible(n: u64) -> Result<u64, String> {
    if n == 0 {
        return Ok(0);
    }
    Ok(Box::pin(fallible(n - 1)).await? + 1)
}

#[cached(key = "depth:text:{name}:{n}")]
async fn shared(name: &str, n: u64) -> Arc<u64> {
    if n == 0 {
        return Arc::new(0);
    }
    let inner = Box::pin(shared(name, n - 1)).await;
    Arc::new(*inner + 1)
}

#[cached(key = "depth:boxed:{n}")]
fn boxed(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { if n == 0 { 0 } else { boxed(n - 1).await + 1 } })
}

#[cached(key = "depth:sync:{n}", tier = memory)]
fn down(n: u64) -> u64 {
    if n == 0 { 0 } else { down(n - 1) + 1 }
}

struct Tree;

impl Tree {
    #[cached(key = "depth:method:{n}", skip(self))]
    async fn sum(&self, n: u64) -> Option<u64> {
        if n == 0 {
            return Some(0);
        }
        Some(Box::pin(self.sum(n - 1)).await? + 1)
    }
}

/// Ends never, so that all levels are there when it is dropped.
#[cached(key = "depth:hangs:{n}")]
async fn hangs(n: u64) -> u64 {
    if n == 0 {
        std::future::pending().await
    } else {
        Box::pin(hangs(n - 1)).await + 1
    }
}

/// What it is called, and a run of it that gives how deep it went.
type Form = (&'static str, fn() -> u64);

fn run(future: impl Future<Output = u64>) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

fn dropped() -> u64 {
    let mut call = pin!(Some(hangs(LEVELS)));
    let mut context = Context::from_waker(Waker::noop());
    let polled = call.as_mut().as_pin_mut().map(|it| it.poll(&mut context));
    assert_eq!(polled, Some(Poll::Pending));
    call.set(None);
    LEVELS
}

fn main() {
    let forms: [Form; 7] = [
        ("async fn", || run(walk(LEVELS))),
        ("async fn with a Result and tags", || {
            run(async { fallible(LEVELS).await.expect("it does not fail") })
        }),
        ("async fn that borrows", || {
            run(async { *shared("a name", LEVELS).await })
        }),
        ("fn -> Pin<Box<dyn Future>>", || run(boxed(LEVELS))),
        ("fn", || down(LEVELS)),
        ("method", || {
            run(async { Tree.sum(LEVELS).await.expect("it is there") })
        }),
        ("async fn that is dropped", dropped),
    ];
    for (name, form) in forms {
        println!("{name}");
        let thread = std::thread::Builder::new().stack_size(STACK);
        let ran = thread.spawn(form).expect("a thread").join();
        assert_eq!(ran.expect("it does not panic"), LEVELS, "{name}");
    }
    println!("each {LEVELS} levels deep on {} KiB", STACK >> 10);
}
