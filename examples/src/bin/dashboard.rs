//! A service with axum that nests the dashboard of its cache under `/cachekit`, and calls itself.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use cachekit::cached;
use cachekit_examples::program::{Fail, run, say};
use cachekit_examples::token;
use lexopt::{Arg, Parser, ValueExt};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::net::TcpListener;

const HELP: &str = "\
Serves prices over HTTP, and the dashboard of its cache under /cachekit.

Usage: dashboard [OPTIONS]

  --listen ADDR     address and port; with port 0 the system chooses one, and the first line of the
                    output names it (default: 127.0.0.1:3000)
  --load N          tasks that ask for prices all the time (default: 4)
  --help            this text

DASHBOARD_TOKEN is the token of the dashboard, at least 16 bytes. Without it, the program prints a
random one. REDIS_URL names a Redis that processes share.
";

/// Number of categories, and of products in each.
const CATEGORIES: u64 = 5;
const PRODUCTS: u64 = 40;

#[derive(Debug)]
struct Args {
    listen: SocketAddr,
    load: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(args(), HELP, serve).await
}

/// Reads the command line; `None` if it asks for the help.
fn args() -> Result<Option<Args>, Fail> {
    let mut args = Args {
        listen: SocketAddr::from(([127, 0, 0, 1], 3_000)),
        load: 4,
    };
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("listen") => args.listen = parser.value()?.parse()?,
            Arg::Long("load") => args.load = parser.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    Ok(Some(args))
}

async fn serve(args: Args) -> Result<(), Fail> {
    cachekit::init_from_env().await?;
    let token = token::dashboard()?;
    let app = Router::new()
        .route("/prices/{category}/{product}", get(show))
        .nest(
            "/cachekit",
            cachekit::dashboard::router(&cachekit::global(), &token.text)?,
        );
    let listener = TcpListener::bind(args.listen).await?;
    let address = listener.local_addr()?;
    say(&format!("http://{address}/cachekit\n{}\n", token.hint))?;
    for seed in 0..args.load {
        tokio::spawn(load(seed));
    }
    Ok(axum::serve(listener, app).await?)
}

async fn show(Path((category, product)): Path<(u64, u64)>) -> String {
    price(category, product).await.to_string()
}

#[cached(key = "price:{category}:{product}", name = "shop::price", ttl = "5m", tags = ["category:{category}"])]
async fn price(category: u64, product: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(20)).await; // a slow query
    1_000 * category + product
}

/// The cheapest price of a category, computed from its prices.
#[cached(key = "offer:{category}", name = "shop::offer", ttl = "2s")]
async fn offer(category: u64) -> Option<u64> {
    tokio::time::sleep(Duration::from_millis(5)).await; // another query
    let mut least = None;
    for product in 0..3 {
        let price = price(category, product).await;
        least = Some(least.map_or(price, |least: u64| least.min(price)));
    }
    least
}

/// Asks for prices as customers do: for some much more often than for others.
async fn load(seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    loop {
        let share: f64 = random.random();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a small number"
        )]
        let product = (share * share * share * PRODUCTS as f64) as u64;
        let category = random.random_range(0..CATEGORIES);
        price(category, product).await;
        if random.random_range(0..20) == 0 {
            offer(category).await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
