//! Request directives in a shared cache (RFC 9111, section 5.2.1).

use super::cache_control::CacheControl;

/// Use of a stored response that a request allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The response is fresh enough.
    Serve,
    /// The response is stale, and the request allows it.
    ServeStale,
    /// The response has to be validated first.
    Revalidate,
}

/// Returns the use of a stored response of `age` seconds that a request allows. A response is fresh
/// as long as its age is less than `lifetime` (RFC 9111, section 4.2).
pub(crate) fn allows(
    request: &CacheControl,
    age: u64,
    lifetime: u64,
    always_revalidate: bool,
    may_serve_stale: bool,
) -> Use {
    if always_revalidate || asks_for_newer(request, age, lifetime) {
        Use::Revalidate
    } else if age < lifetime {
        Use::Serve
    } else if may_serve_stale && accepts_stale(request, age.saturating_sub(lifetime)) {
        Use::ServeStale
    } else {
        Use::Revalidate
    }
}

fn asks_for_newer(request: &CacheControl, age: u64, lifetime: u64) -> bool {
    // An age of 0 s can be nearly a second, and `max-age=0` asks for a new response.
    let is_too_old = |max_age| age > max_age || max_age == 0;
    let remaining = lifetime.saturating_sub(age);
    request.no_cache
        || request.max_age.is_some_and(is_too_old)
        || request.min_fresh.is_some_and(|fresh| remaining < fresh)
}

/// Returns `true` if the request allows a response that is stale for `staleness` seconds.
fn accepts_stale(request: &CacheControl, staleness: u64) -> bool {
    let is_allowed = |limit: Option<u64>| limit.is_none_or(|limit| staleness <= limit);
    request.max_stale.is_some_and(is_allowed)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    fn ask(text: &str, age: u64, lifetime: u64) -> Use {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", text.parse().unwrap());
        allows(
            &CacheControl::of_request(&headers),
            age,
            lifetime,
            false,
            true,
        )
    }

    #[test]
    fn without_directives_freshness_decides() {
        assert_eq!(ask("", 9, 10), Use::Serve);
        assert_eq!(ask("", 10, 10), Use::Revalidate);
        assert_eq!(ask("", 0, 0), Use::Revalidate);
        let request = CacheControl::default();
        assert_eq!(allows(&request, 0, 10, true, true), Use::Revalidate);
    }

    #[test]
    fn directives_that_tighten() {
        assert_eq!(ask("no-cache", 0, 10), Use::Revalidate);
        assert_eq!(ask("max-age=5", 5, 10), Use::Serve);
        assert_eq!(ask("max-age=5", 6, 10), Use::Revalidate);
        assert_eq!(ask("max-age=0", 0, 10), Use::Revalidate);
        assert_eq!(ask("min-fresh=5", 5, 10), Use::Serve);
        assert_eq!(ask("min-fresh=5", 6, 10), Use::Revalidate);
    }

    #[test]
    fn stale_responses() {
        assert_eq!(ask("max-stale", 9_999, 10), Use::ServeStale);
        assert_eq!(ask("max-stale=5", 15, 10), Use::ServeStale);
        assert_eq!(ask("max-stale=5", 16, 10), Use::Revalidate);
        assert_eq!(ask("max-stale=5, max-age=12", 13, 10), Use::Revalidate);
        let request = CacheControl {
            max_stale: Some(None),
            ..CacheControl::default()
        };
        assert_eq!(allows(&request, 15, 10, false, false), Use::Revalidate);
    }

    proptest! {
        #[test]
        fn no_number_panics(age: u64, lifetime: u64, max_age: Option<u64>, stale: Option<u64>) {
            let request = CacheControl {
                max_age,
                min_fresh: max_age,
                max_stale: Some(stale),
                ..CacheControl::default()
            };
            let _ = allows(&request, age, lifetime, false, true);
        }
    }
}
