//! A load over connections that stay open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cachekit::Cache;
use cachekit_examples::client::Connection;
use fastrand::Rng;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use super::Requests;
use super::database::{CATEGORIES, PRODUCTS};
use crate::Fail;

/// The number of connections.
const CALLERS: u64 = 32;

/// The longest time that is recorded: a minute, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// The measurements of one round.
#[derive(Debug)]
pub(super) struct Round {
    /// Answers a second.
    pub(super) requests: f64,
    /// Calls of cached functions that the cache answered, in per cent of all.
    pub(super) hit_rate: f64,
    /// Times of a request, in milliseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Sends requests for `length`. What is asked for is drawn from `seed`.
pub(super) async fn round(
    address: SocketAddr,
    cache: &Cache,
    requests: Requests,
    length: Duration,
    seed: u64,
) -> Result<Round, Fail> {
    let mut connections = Vec::new();
    for _ in 0..CALLERS {
        connections.push(Connection::open(address).await?);
    }
    let before = hits(cache);
    let start = Instant::now();
    let mut callers = JoinSet::new();
    for (caller, connection) in (0..).zip(connections) {
        let random = Rng::with_seed(seed * CALLERS + caller);
        callers.spawn(call(connection, requests, random, start + length));
    }
    let mut times = Histogram::<u64>::new_with_max(LONGEST, 2)?;
    while let Some(of_caller) = callers.join_next().await {
        times.add(of_caller??)?;
    }
    let took = start.elapsed();
    let after = hits(cache);
    let [hits, calls] = [after.0 - before.0, after.1 - before.1].map(in_floating_point);
    let millis = |quantile| in_floating_point(times.value_at_quantile(quantile)) / 1e6;
    Ok(Round {
        requests: in_floating_point(times.len()) / took.as_secs_f64(),
        hit_rate: 100.0 * hits / calls.max(1.0),
        p50: millis(0.5),
        p99: millis(0.99),
    })
}

fn in_floating_point(number: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts and times of a short round"
    )]
    let number = number as f64;
    number
}

/// Calls that the cache answered, and all calls.
fn hits(cache: &Cache) -> (u64, u64) {
    let stats = cache.stats();
    let hits = stats.memory_hits + stats.redis_hits + stats.stale_hits;
    (hits, stats.calls())
}

async fn call(
    mut to: Connection,
    requests: Requests,
    mut random: Rng,
    until: Instant,
) -> Result<Histogram<u64>, Fail> {
    let mut times = Histogram::new_with_max(LONGEST, 2)?;
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok(times);
        }
        let (method, path, body) = draw(requests, &mut random);
        let answer = to.send(method, &path, &body).await?;
        let is_answer = answer.starts_with(b"{\"id\":")
            || answer.starts_with(b"[{\"id\":")
            || (method == "PUT" && answer == body.as_bytes())
            || (path == NO_PRODUCT && answer == b"null");
        if !is_answer {
            let answer = String::from_utf8_lossy(&answer);
            return Err(format!("{method} {path}: {answer}").into());
        }
        let took = u64::try_from(began.elapsed().as_nanos())?;
        times.saturating_record(took);
    }
}

/// The path of a product that does not exist.
const NO_PRODUCT: &str = "/products/1000000";

fn draw(requests: Requests, random: &mut Rng) -> (&'static str, String, String) {
    let product = format!("/products/{}", random.u32(..PRODUCTS));
    let category = format!("/categories/{}", random.u32(..CATEGORIES));
    let read = |path| ("GET", path, String::new());
    match (requests, random.u32(..100)) {
        (Requests::Writes(_), ..2) => {
            let cents = random.u32(100..10_000).to_string();
            ("PUT", format!("{product}/price"), cents)
        }
        (Requests::Mix, 70..90) | (Requests::Category, _) => read(category),
        (Requests::Mix, 90..) => read(NO_PRODUCT.to_owned()),
        _ => read(product),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::shop::Tags;

    /// Counts the requests by method and kind of path, of a thousand.
    fn counts(requests: Requests) -> [usize; 4] {
        let mut random = Rng::with_seed(1);
        let mut counts = [0; 4];
        for _ in 0..1_000 {
            let (method, path, _) = draw(requests, &mut random);
            let kind = match (method, path.as_str()) {
                ("PUT", _) => 3,
                (_, NO_PRODUCT) => 2,
                (_, path) if path.starts_with("/categories") => 1,
                _ => 0,
            };
            counts[kind] += 1;
        }
        counts
    }

    #[test]
    fn requests_are_drawn_in_the_stated_shares() {
        assert_eq!(counts(Requests::Product), [1_000, 0, 0, 0]);
        assert_eq!(counts(Requests::Category), [0, 1_000, 0, 0]);
        let [products, categories, none, writes] = counts(Requests::Mix);
        assert!((650..750).contains(&products), "{products}");
        assert!((150..250).contains(&categories), "{categories}");
        assert!((60..140).contains(&none), "{none}");
        assert_eq!(writes, 0);
        let [reads, _, _, writes] = counts(Requests::Writes(Tags::Product));
        assert!((8..40).contains(&writes), "{writes}");
        assert_eq!(reads + writes, 1_000);
    }
}
