//! Callers that wait for less time than a function takes, without `detach` and with `detach`.

use std::time::Duration;

use cachekit::cached;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

#[cached(key = "dropped:{id}")]
async fn dropped(id: u64) -> String {
    report(id).await
}

#[cached(key = "report:{id}", detach, timeout = "30s")]
async fn detached(id: u64) -> Result<String, cachekit::ComputeTimeout> {
    Ok(report(id).await)
}

async fn report(id: u64) -> String {
    sleep(Duration::from_millis(100)).await; // a slow query
    format!("report {id}")
}

/// Makes 50 calls, one every 20 ms, each of which waits for at most 60 ms. Returns the number of
/// calls that got an answer.
async fn answered<F: Future<Output: Send + 'static> + Send + 'static>(
    call: impl Fn() -> F,
) -> usize {
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        callers.spawn(timeout(Duration::from_millis(60), call()));
        sleep(Duration::from_millis(20)).await;
    }
    callers.join_all().await.into_iter().flatten().count()
}

#[tokio::main]
async fn main() {
    let answers = answered(|| dropped(1)).await;
    let computed = dropped::stats().computations;
    println!("without `detach`: {answers} of 50 callers answered by {computed} computations");
    let answers = answered(|| detached(1)).await;
    let computed = detached::stats().computations;
    println!("with `detach`:    {answers} of 50 callers answered by {computed} computation");
}
