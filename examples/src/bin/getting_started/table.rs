//! The lines that the steps print: a call, its value, where the value came from, and the time that
//! the call took.

use std::io::Error;
use std::time::{Duration, Instant};

use cachekit::{Source, SourceTier, with_source};

use crate::shop::Product;

/// Returns, in words, where a value came from.
fn origin(source: &Source) -> &'static str {
    match source.tier {
        SourceTier::Memory if source.is_stale => "came from memory, stale",
        SourceTier::Memory => "came from memory",
        SourceTier::Redis => "came from Redis",
        SourceTier::Waited => "waited for another call",
        SourceTier::Computed => "ran the function",
        _ => "asked the database",
    }
}

/// Returns a length of time with one digit after the point.
pub(crate) fn time(took: Duration) -> String {
    let micros = took.as_secs_f64() * 1e6;
    if micros < 1_000.0 {
        format!("{micros:.1} us")
    } else {
        format!("{:.1} ms", micros / 1e3)
    }
}

/// Awaits a call, and prints a line about it that begins with `what`.
pub(crate) async fn show(
    what: &str,
    call: impl Future<Output = Result<Product, Error>>,
) -> Result<(), Error> {
    let start = Instant::now();
    let (product, source) = with_source(call).await;
    let (took, product) = (start.elapsed(), product?);
    let price = format!("{}.{:02}", product.cents / 100, product.cents % 100);
    println!(
        "{what:<34} {price:>6}  {:<24} {:>9}",
        origin(&source),
        time(took)
    );
    Ok(())
}
