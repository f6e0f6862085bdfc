//! Durations: whole seconds, text with units, or an expression.

use cachekit::cached;

#[cached(ttl = "1h5")] //~ `1h5` is not a duration: the last number has no unit; write `"5m"`
async fn no_unit() -> u64 {
    1
}

#[cached(ttl = "5 minutes")] //~ is not a duration: the units are `ms`, `s`, `m`, `h`, `d` and `w`
async fn words() -> u64 {
    1
}

#[cached(ttl = "")] //~ is not a duration: it is empty
async fn empty() -> u64 {
    1
}

#[cached(ttl = "m")] //~ is not a duration: a number was expected
async fn unit_alone() -> u64 {
    1
}

#[cached(ttl = "99999999999999999999s")] //~ is not a duration: a number is too large
async fn too_large() -> u64 {
    1
}

#[cached(ttl = "99999999999999999w")] //~ is not a duration: it is too long
async fn too_long() -> u64 {
    1
}

#[cached(ttl = 5m)] //~ write `"5m"` with quotes, or whole seconds
async fn no_quotes() -> u64 {
    1
}

#[cached(ttl = 1.5)] //~ `1.5` is not a whole number of seconds; write `"1500ms"`, for example
async fn fraction() -> u64 {
    1
}

#[cached(ttl = true)] //~ expected seconds (`300`), units (`"1h30m"`, `"500ms"`) or an expression
async fn boolean() -> u64 {
    1
}

#[cached(ttl = 0)] //~ a `ttl` of 0 stores nothing
async fn zero() -> u64 {
    1
}

#[cached(ttl = -5)] //~ is not a time to live
async fn negative() -> u64 {
    1
}

#[cached(ttl = 60 * 5)] //~ is not a time to live
async fn product() -> u64 {
    1
}

#[cached(none_ttl = 0)] //~ leave `none_ttl` out: then `None` is not cached
async fn none_zero() -> Option<u64> {
    None
}

#[cached(none_ttl = std::time::Duration::from_secs(id))] //~ `none_ttl` is a constant and cannot depend on `id`
async fn none_of_an_argument(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
