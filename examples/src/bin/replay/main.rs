//! Replays a workload through annotated functions over a real database.
//!
//! Without arguments, the program makes an `SQLite` database, and reads products that are drawn by
//! Zipf's law, first with the cache and then without the cache. See `--help`.

mod accesses;
mod args;
mod database;
mod item;
mod nodes;
mod propagation;
mod report;
mod run;
mod shares;
mod shop;
mod work;

use std::process::ExitCode;
use std::sync::Arc;

use accesses::Workload;
use args::{Args, Parsed};
use cachekit::{Cache, Stats};
use cachekit_examples::{trace, workload};
use database::Database;
use report::Report;
use shares::Shares;

/// An error that ends the program, in words.
type Fail = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match args::parse(std::env::args_os()) {
        Ok(Parsed::Run(args)) => match tokio_main(&args) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(fail) => failed(&*fail),
        },
        Ok(Parsed::Help) => {
            report::print(args::HELP);
            ExitCode::SUCCESS
        }
        Err(fail) => failed(&*fail),
    }
}

fn failed(fail: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {fail}");
    ExitCode::from(2)
}

#[tokio::main]
async fn tokio_main(args: &Args) -> Result<bool, Fail> {
    replay(args).await
}

/// Replays the workload and prints the report. Returns `true` if no read was stale.
async fn replay(args: &Args) -> Result<bool, Fail> {
    let caches = nodes::caches(args).await?;
    let keys = match &args.trace {
        Some(name) => trace::read(name, args.limit)?,
        None => workload::zipf(PRODUCTS, ACCESSES.min(args.limit), args.seed),
    };
    let workload = Workload::new(&keys, args);
    let database = Arc::new(Database::create(workload.products()).await?);
    let shops = nodes::open(&caches, &database);
    let truth = Arc::new(item::about(workload.products(), shops.len()));
    let with = run::with_cache(&shops, &workload, &truth, args).await?;
    let queries = database.queries();
    let stats: Vec<Stats> = caches.iter().map(Cache::stats).collect();
    let propagation = if args.nodes > 1 && args.writes > 0.0 {
        Some(run::propagation(&shops, &workload, &truth, args).await?)
    } else {
        None
    };
    // The run without the cache is last, when the database has its pages in memory, so that the
    // comparison does not favour the cache.
    let without = run::without_cache(&database, &workload, args).await?;
    nodes::clear(&caches).await;
    let shares = Shares {
        reads: with.reads,
        queries,
        stats: &stats,
        is_shared: args.redis.is_some(),
    };
    let report = Report {
        workload: &workload,
        with: &with,
        without: &without,
        propagation: propagation.as_ref(),
        shares: &shares,
    };
    report::print(&report.table());
    Ok(report.stale().next().is_none())
}

/// The numbers of products and of accesses in the generated workload.
const PRODUCTS: u32 = 20_000;
const ACCESSES: usize = 1_000_000;
