//! Errors of a server: which ones mean the wrong server, and their texts for the log.

use redis::{RedisError, Value};

/// The codes of a server that must not be used, or not with this login.
pub(crate) const WRONG_ROLE: [&str; 6] = [
    "READONLY",
    "MASTERDOWN",
    "LOADING",
    "NOAUTH",
    "WRONGPASS",
    // Another server may have taken its place and receive writes that this one does not.
    "NOREPLICAS",
];

/// Returns the code of an answer which says that this server, or this login, is the wrong one.
pub(crate) fn wrong_role(reply: &Value) -> Option<String> {
    let Value::ServerError(error) = reply else {
        return None;
    };
    WRONG_ROLE
        .contains(&error.code())
        .then(|| error.code().to_owned())
}

/// Returns the text of an error. The client's errors contain no address and no password.
pub(crate) fn shown(error: &RedisError) -> String {
    let said = error.to_string();
    if said.contains("failed to lookup address") {
        format!("its host name is not known here: {said}")
    } else {
        said
    }
}
