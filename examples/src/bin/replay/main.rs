//! Replays a workload through annotated functions over a real database.
//!
//! With no arguments: product views drawn from Zipf's law over an `SQLite` database that the
//! program makes, with and without the cache. See `--help`.

mod args;
mod report;
mod run;
mod shop;
mod truth;

use std::process::ExitCode;
use std::sync::Arc;

use args::{Args, Parsed};
use cachekit::{Cache, Capacity};
use cachekit_examples::{trace, workload};
use run::Workload;
use shop::Shop;

/// What ends the program, in words.
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

/// Replays; whether no read was stale.
async fn replay(args: &Args) -> Result<bool, Fail> {
    let keys = match &args.trace {
        Some(name) => trace::read(name, args.limit)?,
        None => workload::zipf(PRODUCTS, ACCESSES.min(args.limit), args.seed),
    };
    let workload = Workload::new(&keys, args);
    let mut builder = Cache::builder().memory_capacity(Capacity::entries(args.capacity));
    if let Some(eviction) = args.eviction {
        builder = builder.eviction(eviction);
    }
    cachekit::init(builder.build().await?)?;

    let shop = Arc::new(Shop::create(workload.products()).await?);
    let with = run::with_cache(&shop, &workload, args).await?;
    let queries = shop.queries();
    // Afterwards, when the database has its pages at hand: the comparison must not flatter.
    let without = run::without_cache(&shop, &workload, args).await?;
    report::print(&report::table(
        &workload,
        &with,
        &without,
        queries,
        &cachekit::global().stats(),
    ));
    Ok(with.stale.is_empty())
}

/// The generated workload.
const PRODUCTS: u32 = 20_000;
const ACCESSES: usize = 1_000_000;
