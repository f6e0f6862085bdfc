//! As `c37`, with the stream itself, and with a future that a method boxes.

use std::pin::Pin;

use cachekit::cached;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, Stream};

pub type Events = Pin<Box<dyn Stream<Item = String> + Send>>;

#[cached(key = "stream:{topic}", ttl = 10)]
pub async fn events(topic: &str) -> Events {
    Box::pin(stream::iter(vec![format!("{topic} began")]))
}

#[cached(key = "run:{job}", ttl = 60)]
pub fn run(job: &str) -> BoxFuture<'_, Result<String, String>> {
    async move {
        if job.is_empty() {
            return Err("a job has a name".to_owned());
        }
        Ok(format!("{job} is done"))
    }
    .boxed()
}

fn main() {}
