//! A shop's interface over HTTP, whose responses are cached by the rules in `cache.toml`.
//!
//! The program needs no set-up: the database is a file in a temporary folder, and the cache is in
//! memory. With `REDIS_URL`, processes share the cache. With `--database`, they share the database
//! too.

mod db;
mod handlers;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::routing::get;
use cachekit::http::{HttpCacheLayer, RuleSet};
use cachekit_examples::program::{Fail, run, say};
use db::Database;
use handlers::App;
use lexopt::{Arg, Parser, ValueExt};
use tokio::net::TcpListener;

const HELP: &str = "\
Serves a shop over HTTP, and caches the responses.

Usage: http_api [OPTIONS]

  --listen ADDR     address and port; with port 0 the system chooses one, and the first line of the
                    output names it (default: 127.0.0.1:3000)
  --database FILE   an SQLite database, created if it is not there (default: a temporary one)
  --rules FILE      rules in place of those in cache.toml
  --no-cache        no layer: every request reaches its handler
  --help            this text

REDIS_URL names a Redis that processes share.
";

#[derive(Debug)]
struct Args {
    listen: SocketAddr,
    database: Option<PathBuf>,
    rules: Option<PathBuf>,
    has_layer: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(args(std::env::args_os()), HELP, serve).await
}

/// Reads the command line; `None` if it asks for the help.
fn args(words: impl IntoIterator<Item = OsString>) -> Result<Option<Args>, Fail> {
    let mut args = Args {
        listen: SocketAddr::from(([127, 0, 0, 1], 3_000)),
        database: None,
        rules: None,
        has_layer: true,
    };
    let mut parser = Parser::from_iter(words);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("listen") => args.listen = parser.value()?.parse()?,
            Arg::Long("database") => args.database = Some(parser.value()?.into()),
            Arg::Long("rules") => args.rules = Some(parser.value()?.into()),
            Arg::Long("no-cache") => args.has_layer = false,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    Ok(Some(args))
}

async fn serve(args: Args) -> Result<(), Fail> {
    cachekit::init_from_env().await?;
    let rules = match &args.rules {
        Some(path) => RuleSet::from_toml_path(path)?,
        None => RuleSet::from_toml_str(include_str!("cache.toml"))?,
    };
    let layer = HttpCacheLayer::new(&cachekit::global(), rules);
    let folder = tempfile::tempdir()?;
    let file = args.database.unwrap_or(folder.path().join("shop.db"));
    let app = Arc::new(App {
        database: Database::open(&file).await?,
        layer: args.has_layer.then_some(layer),
        calls: AtomicU64::new(0),
    });
    let listener = TcpListener::bind(args.listen).await?;
    say(&format!("http://{}\n", listener.local_addr()?))?;
    Ok(axum::serve(listener, router(app)).await?)
}

fn router(app: Arc<App>) -> Router {
    let routes = handlers::routes();
    let routes = match &app.layer {
        Some(layer) => routes.layer(layer.clone()),
        None => routes,
    };
    // This route is outside of the layer, so responses with statistics are not cached.
    let routes = routes.route("/cache/stats", get(handlers::stats));
    routes.with_state(app)
}
