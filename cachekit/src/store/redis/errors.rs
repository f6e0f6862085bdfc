//! A server's errors, as the cache tells them apart and shows them.

use redis::{RedisError, Value};

/// What a server says that is not to be asked, or not by this login.
pub(crate) const WRONG_ROLE: [&str; 6] = [
    "READONLY",
    "MASTERDOWN",
    "LOADING",
    "NOAUTH",
    "WRONGPASS",
    // Another may have taken its place, and be told what this one is not.
    "NOREPLICAS",
];

/// Whether an answer says that this server, or this login, is the wrong one.
pub(crate) fn wrong_role(reply: &Value) -> Option<String> {
    let Value::ServerError(error) = reply else {
        return None;
    };
    WRONG_ROLE
        .contains(&error.code())
        .then(|| error.code().to_owned())
}

/// An error in words; the client's hold no address and no password.
pub(crate) fn shown(error: &RedisError) -> String {
    let said = error.to_string();
    if said.contains("failed to lookup address") {
        format!("its host name is not known here: {said}")
    } else {
        said
    }
}
