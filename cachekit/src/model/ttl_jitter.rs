//! Random shortening of lifetimes, so that entries stored together do not expire together.

use std::time::Duration;

/// Returns `ttl`, shortened by the share `jitter * random`. `random` must be in `[0, 1)`, and a
/// `jitter` above 1 is taken as 1.
pub(crate) fn jittered(ttl: Duration, jitter: f32, random: f64) -> Duration {
    if jitter <= 0.0 {
        return ttl;
    }
    ttl.mul_f64(1.0 - f64::from(jitter.min(1.0)) * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_shortens_by_at_most_its_share() {
        let ttl = Duration::from_secs(100);
        assert_eq!(jittered(ttl, 0.0, 0.99), ttl);
        assert_eq!(jittered(ttl, 0.5, 0.0), ttl);
        assert_eq!(jittered(ttl, 0.5, 0.5), Duration::from_secs(75));
        assert!(jittered(ttl, 1.0, 0.999_999) < Duration::from_secs(1));
    }
}
