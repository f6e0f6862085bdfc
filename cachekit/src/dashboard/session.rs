//! The token of a dashboard, and the sessions of browsers that gave it.
//!
//! A session is the time of its end and a keyed hash of that time. The key is made from the token, so
//! every process with the token accepts the session, a restart does not end it, and another token
//! does. The cookie does not contain the token.

use std::fmt;
use std::time::Duration;

use blake3::Hash;

use crate::dashboard::error::{DashboardError, SHORTEST};

/// Length of a session.
pub(crate) const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Keys by which tokens and sessions are checked.
pub(crate) struct Keys {
    of_tokens: [u8; 32],
    of_sessions: [u8; 32],
    /// Hash of the right token. Hashes are compared in constant time, whatever was given.
    token: Hash,
}

impl Keys {
    pub(crate) fn new(token: &str) -> Result<Self, DashboardError> {
        // As given tokens are: a token from a file may end with a new line.
        let token = token.trim();
        if token.len() < SHORTEST {
            return Err(DashboardError::ShortToken(token.len()));
        }
        let key = |purpose| blake3::derive_key(purpose, token.as_bytes());
        let of_tokens = key("cachekit 1 dashboard token");
        Ok(Self {
            token: blake3::keyed_hash(&of_tokens, token.as_bytes()),
            of_tokens,
            of_sessions: key("cachekit 1 dashboard session"),
        })
    }

    pub(crate) fn is_token(&self, given: &str) -> bool {
        blake3::keyed_hash(&self.of_tokens, given.as_bytes()) == self.token
    }

    /// Returns a session that begins at `now`, a time since 1970.
    pub(crate) fn session(&self, now: Duration) -> String {
        let end = now.saturating_add(LIFE).as_secs();
        format!("{end}.{}", self.hash(end).to_hex())
    }

    pub(crate) fn is_session(&self, given: &str, now: Duration) -> bool {
        let Some((end, hash)) = given.split_once('.') else {
            return false;
        };
        let (Ok(end), Ok(hash)) = (end.parse(), Hash::from_hex(hash)) else {
            return false;
        };
        self.hash(end) == hash && now.as_secs() < end
    }

    fn hash(&self, end: u64) -> Hash {
        blake3::keyed_hash(&self.of_sessions, &end.to_le_bytes())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn keys(token: &str) -> Keys {
        Keys::new(token).expect("a token")
    }

    #[test]
    fn a_short_token_is_refused_with_the_remedy() {
        let told = |token| Keys::new(token).expect_err("short").to_string();
        assert!(told("").contains("is empty"));
        assert!(told("secret").contains("has 6 bytes"));
        assert!(told("                   ").contains("is empty"));
        assert!(told(&TOKEN[..15]).contains("at least 16 random bytes, such as"));
    }

    #[test]
    fn a_session_ends_and_cannot_be_prolonged() {
        let (keys, now) = (keys(TOKEN), Duration::from_secs(1_000_000));
        let session = keys.session(now);
        assert!(keys.is_session(&session, now));
        let end = now + LIFE;
        assert!(keys.is_session(&session, end.saturating_sub(Duration::from_secs(1))));
        assert!(!keys.is_session(&session, end));
        let (end, hash) = session.split_once('.').expect("two parts");
        let longer = end.parse::<u64>().expect("a number") + 1;
        assert!(!keys.is_session(&format!("{longer}.{hash}"), now));
        for wrong in ["", ".", "1", TOKEN, end, "x.y", &format!("{end}.{end}")] {
            assert!(!keys.is_session(wrong, now), "{wrong}");
        }
    }

    #[test]
    fn only_the_token_and_its_sessions_are_accepted() {
        let (ours, other) = (keys(TOKEN), keys("0123456789abcdeg"));
        assert!(ours.is_token(TOKEN));
        assert!(keys("0123456789abcdef\n").is_token(TOKEN));
        for wrong in ["", &TOKEN[..15], "0123456789abcdef0", "0123456789ABCDEF"] {
            assert!(!ours.is_token(wrong), "{wrong}");
        }
        let session = other.session(Duration::ZERO);
        assert!(other.is_session(&session, Duration::ZERO));
        assert!(!ours.is_session(&session, Duration::ZERO));
        assert!(!session.contains("0123456789abcdeg"));
    }
}
