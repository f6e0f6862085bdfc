//! A hit of the HTTP layer in memory, beside one of another layer, with small and large bodies.
//!
//! The candidates take turns in one thread. Printed are the median times of one request, from the
//! call of the service to the end of its body, and their ratios.

use std::convert::Infallible;
use std::future::Future;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cachekit::Cache;
use cachekit::http::{HttpCacheLayer, Rule, RuleSet};
use cachekit_benches::rounds::median;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http_cache::prelude::{CacheLayer, InMemoryBackend};

const ROUNDS: usize = 41;
const REQUESTS: u32 = 2_000;
const SIZES: [usize; 2] = [1 << 10, 64 << 10];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder().build().await?;
    let rule = Rule::get("/{size}").ttl(Duration::from_secs(3_600));
    let ours = HttpCacheLayer::new(&cache, RuleSet::owned().rule(rule).build()?);
    let mut ours = ours.layer(service_fn(handle));
    let theirs = CacheLayer::builder(InMemoryBackend::new(1_000))
        .ttl(Duration::from_secs(3_600))
        .build();
    let mut theirs = theirs.layer(service_fn(handle));
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        for (index, size) in SIZES.into_iter().enumerate() {
            times[index].push(round(&mut ours, size).await);
            times[2 + index].push(round(&mut theirs, size).await);
        }
    }
    let [small, large, other_small, other_large] = times.map(median);
    println!("| a hit in memory | 1 KiB | 64 KiB | large : small |\n|---|--:|--:|--:|");
    println!(
        "| cachekit | {small:.0} ns | {large:.0} ns | {:.2} |",
        large / small
    );
    println!(
        "| tower-http-cache | {other_small:.0} ns | {other_large:.0} ns | {:.2} |",
        other_large / other_small
    );
    let (small, large) = (small / other_small, large / other_large);
    println!("| cachekit : tower-http-cache | {small:.2} | {large:.2} | |");
    Ok(())
}

/// A handler whose body has as many bytes as the path says.
fn handle(request: Request<()>) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> {
    let size = request.uri().path()[1..].parse().unwrap_or(0);
    let body = Full::new(Bytes::from(vec![b'x'; size]));
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("x-request-source", "handler")
        .body(body);
    std::future::ready(Ok(response.unwrap_or_default()))
}

/// Returns the nanoseconds of one request.
async fn round<S, B>(service: &mut S, size: usize) -> f64
where
    S: Service<Request<()>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let start = Instant::now();
    for _ in 0..REQUESTS {
        let uri = format!("http://localhost/{size}");
        let request = Request::builder().uri(uri).body(()).expect("a request");
        let response = service.ready().await.expect("ready").call(request).await;
        let body = response.expect("a response").into_body();
        let read = body.collect().await.expect("a body").to_bytes();
        assert_eq!(read.len(), size, "the body");
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS)
}
