//! A service with axum that shows the statistics of its cache to Prometheus, under `/metrics`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use cachekit::{cached, invalidates};
use cachekit_examples::program::{Fail, run, say};
use lexopt::{Arg, Parser, ValueExt};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;

const HELP: &str = "\
Serves prices over HTTP, and the statistics of its cache under /metrics.

Usage: metrics [OPTIONS]

  --listen ADDR     address and port; with port 0 the system chooses one, and the first line of the
                    output names it (default: 127.0.0.1:3000)
  --help            this text

REDIS_URL names a Redis that processes share.
";

#[tokio::main]
async fn main() -> ExitCode {
    run(args(), HELP, serve).await
}

/// Reads the command line; `None` if it asks for the help.
fn args() -> Result<Option<SocketAddr>, Fail> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 3_000));
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("listen") => listen = parser.value()?.parse()?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    Ok(Some(listen))
}

async fn serve(listen: SocketAddr) -> Result<(), Fail> {
    cachekit::init_from_env().await?;
    let exporter = PrometheusBuilder::new().install_recorder()?;
    let metrics = move || async move {
        cachekit::global().record_metrics();
        exporter.render()
    };
    let app = Router::new()
        .route("/prices/{category}/{product}", get(show).delete(change))
        .route("/metrics", get(metrics));
    let listener = TcpListener::bind(listen).await?;
    say(&format!("http://{}\n", listener.local_addr()?))?;
    Ok(axum::serve(listener, app).await?)
}

async fn show(Path((category, product)): Path<(String, u64)>) -> String {
    price(&category, product).await.to_string()
}

async fn change(Path((category, _)): Path<(String, u64)>) {
    set_price(&category).await;
}

#[cached(key = "price:{category}:{product}", ttl = 60, tags = ["category:{category}"])]
async fn price(category: &str, product: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(20)).await; // a slow query
    100 * category.len() as u64 + product
}

/// Changes a price. The attribute invalidates all prices of the category, and the metrics show the
/// invalidation.
#[invalidates(tags = ["category:{category}"])]
async fn set_price(category: &str) {
    tokio::time::sleep(Duration::from_millis(20)).await; // the write
}
