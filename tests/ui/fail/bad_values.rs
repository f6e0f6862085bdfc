//! Values of the other options.

use cachekit::{cached, invalidates};

#[cached(jitter = 1.5)] //~ expected a share between 0 and 1, like `0.1`
async fn jitter_too_large() -> u64 {
    1
}

#[cached(jitter = -0.1)] //~ expected a share between 0 and 1, like `0.1`
async fn jitter_negative() -> u64 {
    1
}

#[cached(jitter = "10%")] //~ expected a share between 0 and 1, like `0.1`
async fn jitter_in_words() -> u64 {
    1
}

#[cached(version = "2")] //~ expected a whole number from 0 to 4294967295, like `2`
async fn version_in_quotes() -> u64 {
    1
}

#[cached(version = 4294967296)] //~ expected a whole number from 0 to 4294967295, like `2`
async fn version_too_large() -> u64 {
    1
}

#[cached(version = -1)] //~ expected a whole number from 0 to 4294967295, like `2`
async fn version_negative() -> u64 {
    1
}

#[cached(name = "")] //~ a name needs at least one letter; leave it out for the full path
async fn name_empty() -> u64 {
    1
}

#[cached(name = users)] //~ expected a name in quotes, like `"users::get_user"`
async fn name_without_quotes() -> u64 {
    1
}

#[cached(companion = "users")] //~ expected a name, `Self` for one in the `impl`, or `false` for none
async fn companion_in_quotes() -> u64 {
    1
}

#[cached(companion = users::get)] //~ expected `,`
async fn companion_with_a_path() -> u64 {
    1
}

#[cached(lock_timeout = "soon")] //~ `soon` is not a duration: a number was expected
async fn lock_timeout_in_words() -> u64 {
    1
}

#[cached(tier = disk)] //~ unknown tier `disk`; expected `memory`, `redis` or `both`
async fn tier_unknown() -> u64 {
    1
}

#[cached(tier = "memory")] //~ write `tier = memory`, without quotes
async fn tier_in_quotes() -> u64 {
    1
}

#[cached(when = ret.is_some())] //~ `ret`: `when` is asked before the call gives a value
async fn when_of_ret() -> Option<u64> {
    None
}

#[cached(cache = ret)] //~ `ret`: the cache is needed before the call gives a value
async fn cache_of_ret() -> u64 {
    1
}

#[invalidates(tags = ["users"], on = never)] //~ expected `ok` (after success), `always` (after every end) or `before`
async fn on_never() {}

#[invalidates(tags = ["users"], on = "ok")] //~ expected `ok` (after success), `always` (after every end) or `before`
async fn on_in_quotes() {}

fn main() {}
