//! Measures the time until a write at one node of `http_api` is seen at another node.
//!
//! In each round, the reader's node stores a product, the writer's node gets a new price of the
//! product, and the reader's node is asked until it returns the new price. `scripts/http-load` runs
//! this program.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use cachekit_examples::program::{Fail, run, say};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lexopt::{Arg, Parser, ValueExt};
use serde_json::{Value, json};

const HELP: &str = "\
Measures the time from the answer to a write at one node to the first answer with it at another.

Usage: purge_delay --writer URL --reader URL [OPTIONS]

  --writer URL      a node of http_api, as in http://127.0.0.1:3000
  --reader URL      another node, with the same database and the same Redis
  --rounds N        writes (default: 500)
  --help            this text

Prints the percentiles, in microseconds, as JSON.
";

/// The number of products, which the rounds use in turn.
const PRODUCTS: u32 = 100;

/// The time from the end of a round to the next write. Without it, the nodes would mostly compute what the
/// writes invalidate, and serve few hits.
const PAUSE: Duration = Duration::from_millis(20);

/// The time after which a round fails.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Args {
    writer: String,
    reader: String,
    rounds: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(args(), HELP, measure).await
}

/// Reads the command line; `None` if it asks for the help.
fn args() -> Result<Option<Args>, Fail> {
    let (mut writer, mut reader, mut rounds) = (None, None, 500);
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("writer") => writer = Some(parser.value()?.string()?),
            Arg::Long("reader") => reader = Some(parser.value()?.string()?),
            Arg::Long("rounds") => rounds = parser.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    let missing = "--writer and --reader are required; see --help";
    Ok(Some(Args {
        writer: writer.ok_or(missing)?,
        reader: reader.ok_or(missing)?,
        rounds,
    }))
}

/// A client of both nodes.
struct Nodes<'a> {
    args: &'a Args,
    client: Client<HttpConnector, Body>,
}

async fn measure(args: Args) -> Result<(), Fail> {
    let nodes = Nodes {
        args: &args,
        client: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
    };
    let mut delays = Vec::new();
    for round in 0..args.rounds {
        delays.push(nodes.round(1 + round % PRODUCTS, round).await?);
        tokio::time::sleep(PAUSE).await;
    }
    delays.sort_unstable();
    let at = |percent: usize| {
        let index = (delays.len() * percent).div_ceil(100).saturating_sub(1);
        delays.get(index).map(Duration::as_micros)
    };
    let percentiles = json!({
        "rounds": args.rounds, "p50": at(50), "p99": at(99), "max": at(100),
    });
    say(&format!("{percentiles}\n"))
}

impl Nodes<'_> {
    /// Returns the time from the answer to the write until the first request to the reader's node
    /// whose answer has the new price.
    async fn round(&self, id: u32, round: u32) -> Result<Duration, Fail> {
        self.read(id).await?;
        let cents = 10_000 + round;
        self.write(id, cents).await?;
        let written = Instant::now();
        loop {
            let asked = written.elapsed();
            if self.read(id).await? == u64::from(cents) {
                return Ok(asked);
            }
            if asked > PATIENCE {
                return Err(format!("product {id} still has an old price").into());
            }
        }
    }

    /// Returns the price in the answer of the reader's node.
    async fn read(&self, id: u32) -> Result<u64, Fail> {
        let uri = format!("{}/api/products/{id}", self.args.reader);
        let request = Request::get(uri).body(Body::empty())?;
        let product: Value = serde_json::from_slice(&self.answer(request).await?)?;
        let price = product.get("price_cents").and_then(Value::as_u64);
        price.ok_or_else(|| "the answer has no price".into())
    }

    /// Writes a price at the writer's node.
    async fn write(&self, id: u32, cents: u32) -> Result<(), Fail> {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("{}/api/products/{id}", self.args.writer))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({ "cents": cents }).to_string()))?;
        self.answer(request).await.map(|_| ())
    }

    async fn answer(&self, request: Request<Body>) -> Result<Bytes, Fail> {
        let response = self.client.request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if parts.status != StatusCode::OK {
            let text = String::from_utf8_lossy(&body);
            return Err(format!("{}: {text}", parts.status).into());
        }
        Ok(body)
    }
}
