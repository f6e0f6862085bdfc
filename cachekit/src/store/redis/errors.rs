//! Errors of a Redis server: the error codes of a wrong server, and the texts for the log.

use redis::{RedisError, Value};

/// The error codes by which a Redis server says that the cache must not use this server at all, or
/// not with this login.
pub(crate) const WRONG_ROLE: [&str; 7] = [
    "READONLY",
    "MASTERDOWN",
    "LOADING",
    "NOAUTH",
    "WRONGPASS",
    // Another server may have become the master and receive writes that this server does not get.
    "NOREPLICAS",
    // The server refuses all writes, because it cannot save to its disk. Invalidations are refused
    // too, so its entries may be old.
    "MISCONF",
];

/// Returns the error code of `reply`, an answer of Redis, if the code means that the server or the
/// login is the wrong one. Returns `None` for every other answer.
pub(crate) fn wrong_role(reply: &Value) -> Option<String> {
    let Value::ServerError(error) = reply else {
        return None;
    };
    WRONG_ROLE
        .contains(&error.code())
        .then(|| error.code().to_owned())
}

/// Returns the text of a client's error for the log. The client's errors contain no address and no
/// password.
pub(crate) fn shown(error: &RedisError) -> String {
    let said = error.to_string();
    if said.contains("failed to lookup address") {
        format!("its host name is not known here: {said}")
    } else {
        said
    }
}
