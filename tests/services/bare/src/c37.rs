//! What gives no value but a stream or a boxed future.

use std::future::Future;
use std::pin::Pin;

use cachekit::cached;
use futures::future::BoxFuture;
use futures::stream::{self, Stream};

pub type Events = Pin<Box<dyn Stream<Item = String> + Send>>;

/// A stream is used up by the first who reads it, so what it is made of is cached.
pub async fn events(topic: &str) -> Events {
    Box::pin(stream::iter(past_events(topic).await))
}

#[cached(key = "events:{topic}", ttl = 10)]
async fn past_events(topic: &str) -> Vec<String> {
    vec![format!("{topic} began"), format!("{topic} ended")]
}

/// How much is below a node, counted by calling itself.
#[cached(key = "walk:{node}", ttl = 60)]
pub fn walk(node: u32) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        let mut sum = u64::from(node);
        for child in 0..node {
            sum += walk(child).await;
        }
        sum
    })
}

#[cached(key = "run:{job}", ttl = 60)]
pub fn run(job: &str) -> BoxFuture<'_, Result<String, String>> {
    Box::pin(async move {
        if job.is_empty() {
            return Err("a job has a name".to_owned());
        }
        Ok(format!("{job} is done"))
    })
}
