//! Makes exactly so many calls of one case, for a count of instructions: `scripts/instructions`
//! takes the difference of two runs. The cases `curve-..` are for a simulation of the processor's
//! caches, which `--list` leaves out.

use std::process::ExitCode;

use cachekit_benches::Fail;
use cachekit_benches::candidate::Candidate;
use cachekit_benches::keys::{FEW, Keys, Spread};
use cachekit_benches::memory::curve::{self, Point};
use cachekit_benches::memory::{Args, miss, ours};
use cachekit_benches::redis;
use tokio::runtime::{Builder, Runtime};

const CASES: [&str; 9] = [
    "hit-arc-u64",
    "hit-arc-str",
    "hit-arc-u64-str",
    "hit-user-u64",
    "hit-stats-u64",
    "hit-inside-u64",
    "hit-inside-once-u64",
    "miss-arc-u64",
    "miss-page-u64",
];

/// Calls inside of one computation, each with a key of its own.
const ONCE: usize = FEW as usize;

/// Calls over Redis before those that are counted: buffers have their sizes then.
const WARM_CALLS: usize = 500;

/// Beginning of the names of cases with many keys. The name of the candidate follows.
const CURVE: &str = "curve-";

/// Hits before those that are counted, with many keys.
const WARM_HITS: usize = 1_000_000;

/// Readings of the statistics in a run, whose calls they divide.
const READS: usize = 10;

fn main() -> ExitCode {
    cachekit_benches::refuse_switches();
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["--list"] => {
            println!("{}\n{}", CASES.join("\n"), redis::SINGLE.join("\n"));
            Ok(())
        }
        [case, calls] => run(case, calls),
        _ => Err("give a case and a number of calls, or --list".into()),
    };
    if let Err(fail) = done {
        eprintln!("error: {fail}");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

fn run(case: &str, calls: &str) -> Result<(), Fail> {
    let calls: usize = calls
        .parse()
        .map_err(|_| format!("no number of calls: {calls}"))?;
    // One thread: nothing is counted that another does.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    if redis::SINGLE.contains(&case) {
        return runtime.block_on(over_redis(case, calls));
    }
    if let Some(name) = case.strip_prefix(CURVE) {
        return over_many_keys(&runtime, name, calls);
    }
    let candidate = candidate(&runtime, case)?;
    // Few keys, and each asked for so often before that the thread has it at hand: what misses take
    // is in both runs, but not quite the same, and the difference of the two is to be one of hits.
    let keys = Keys::new(Spread::Few);
    if case.starts_with("hit") {
        runtime.block_on(candidate.run(keys.batch(0, 8 * FEW as usize)));
    }
    if case == "hit-stats-u64" {
        // As often in a short run as in a long one: the difference is that of the hits alone, which are
        // to take no more because somebody reads the statistics.
        for part in 0..READS {
            runtime.block_on(candidate.run(keys.batch(part * calls / READS, calls / READS)));
            std::hint::black_box(cachekit::global().stats());
        }
        return Ok(());
    }
    runtime.block_on(candidate.run(keys.batch(0, calls)));
    Ok(())
}

/// Hits of the candidate `name` among 60,000 keys, each of which is asked for with the same chance.
fn over_many_keys(runtime: &Runtime, name: &str, calls: usize) -> Result<(), Fail> {
    const POINT: Point = Point::Keys(60_000);
    let (candidate, every, uniform) = curve::single(runtime.handle(), POINT, name)?;
    runtime.block_on(candidate.run(every.batch(0, 4 * POINT.keys() as usize)));
    // As in the curve: until the thread has its table.
    runtime.block_on(candidate.run(uniform.batch(0, WARM_HITS)));
    runtime.block_on(candidate.run(uniform.batch(WARM_HITS, calls)));
    Ok(())
}

/// Makes calls one after the other. Redis is another process, whose instructions are not counted.
async fn over_redis(case: &str, calls: usize) -> Result<(), Fail> {
    let server = redis::Server::start()?;
    let (_cache, operation) = redis::single(&server, case).await?;
    for number in (0..).take(WARM_CALLS + calls) {
        operation.once(number).await?;
    }
    Ok(())
}

fn candidate(runtime: &Runtime, case: &str) -> Result<Candidate, Fail> {
    runtime.block_on(async {
        ours::init().await?;
        match case {
            "hit-arc-u64" | "hit-stats-u64" => Ok(ours::shared(Args::Number)),
            "hit-arc-str" => Ok(ours::shared(Args::Text)),
            "hit-arc-u64-str" => Ok(ours::shared(Args::Both)),
            "hit-user-u64" => Ok(ours::owned(Args::Number)),
            "hit-inside-u64" => Ok(ours::inside(usize::MAX)),
            "hit-inside-once-u64" => Ok(ours::inside(ONCE)),
            "miss-arc-u64" => miss::ours().await,
            "miss-page-u64" => miss::pages().await,
            other => Err(format!("no case {other}; see --list").into()),
        }
    })
}
