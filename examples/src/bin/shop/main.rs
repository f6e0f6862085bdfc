//! A shop over HTTP with an `SQLite` database, driven through four acts, each with the cache and
//! without it. See `--help`.
//!
//! The program needs no set-up. It prints its progress and a table, writes a report as one HTML page,
//! and exits with 1 if a promise did not hold.

mod acts;
mod args;
mod carts;
mod database;
mod html;
mod live;
mod load;
mod nodes;
mod numbers;
mod picture;
mod plot;
mod prices;
mod products;
mod requests;
mod service;
mod side;
mod table;

use std::process::ExitCode;
use std::time::Instant;

use acts::{Act, Stage};
use args::Args;
use cachekit_examples::program::{Fail, run, say};
use nodes::Nodes;
use side::Side;

#[tokio::main]
async fn main() -> ExitCode {
    let mut is_kept = true;
    let program = async |args: Args| {
        is_kept = play(&args).await?;
        Ok(())
    };
    let code = run(args::parse(std::env::args_os()), args::HELP, program).await;
    if is_kept { code } else { ExitCode::FAILURE }
}

/// Plays the acts, and prints and writes the results. Returns `true` if every promise was kept.
async fn play(args: &Args) -> Result<bool, Fail> {
    let start = Instant::now();
    let with = Side::new(Nodes::with_cache(args).await?, args);
    let without = Side::new(Nodes::without_cache(args).await?, args);
    let stage = Stage::new(with, without, args);
    let acts = stage.all().await?;
    let took = numbers::time(start.elapsed());
    let is_kept = report(args, &acts, &took)?;
    let nodes = &stage.with.nodes;
    if args.serves {
        stay(nodes, args).await?;
    }
    nodes.clear().await;
    nodes.shut_down().await;
    Ok(is_kept)
}

/// Prints the table, and writes the page and the picture. Returns `true` if every promise was kept.
fn report(args: &Args, acts: &[Act], took: &str) -> Result<bool, Fail> {
    let promises = table::promises(acts);
    let tiers = match &args.redis {
        Some(_) => "memory and Redis",
        None => "memory",
    };
    let about = format!(
        "All acts took {took}, with {} connections ({} in the flash sale), {} products, \
         instances: {}, cache: {tiers}. A query takes 20 ms.",
        args.size.callers,
        args.size.crowd,
        numbers::count(args.size.products.into()),
        args.nodes,
    );
    std::fs::write(&args.report, html::page(acts, &promises, &about))?;
    if let Some(file) = &args.picture {
        std::fs::write(file, picture::svg(acts))?;
    }
    let (table, kept) = (table::text(acts), table::kept(acts, &promises));
    let notes = table::NOTES;
    let file = args.report.display();
    say(&format!(
        "\n{table}\n{notes}\n{kept}\n{about}\nreport: {file}\n"
    ))?;
    Ok(promises.iter().all(|promise| promise.is_kept))
}

/// Leaves the instances running until the program is interrupted.
async fn stay(nodes: &Nodes, args: &Args) -> Result<(), Fail> {
    for address in &nodes.addresses {
        say(&format!("http://{address}\n"))?;
    }
    let address = nodes.addresses[0];
    if let Some(token) = &args.token {
        say(&format!(
            "dashboard: http://{address}/cachekit, {}\n",
            token.hint
        ))?;
    }
    say(&format!(
        "curl http://{address}/products/7\n\
         curl -X PUT http://{address}/products/7/price -H 'content-type: application/json' -d 1250\n\
         curl -i http://{address}/categories/7\n\
         curl http://{address}/stats\n"
    ))?;
    if args.redis.is_some() {
        say(&format!("cachekit --namespace {} stats\n", args.namespace))?;
    }
    say("The shop runs until Ctrl-C.\n")?;
    Ok(tokio::signal::ctrl_c().await?)
}
