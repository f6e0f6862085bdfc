//! A plain client, connected as cachekit connects, and the names of what cachekit keeps.

use bincode::config;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};

use super::{NAMESPACE, Server};
use crate::Fail;
use crate::user::User;

/// Commands of many tasks share it.
pub(super) async fn connect(server: &Server) -> Result<MultiplexedConnection, Fail> {
    let client = Client::open(format!("{}?protocol=resp3", server.url()))?;
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_pipeline_buffer_size(1024);
    let connection = client.get_multiplexed_async_connection_with_config(&config);
    Ok(connection.await?)
}

/// The names that a hit of cachekit reads, the entry first (`docs/format.md`).
pub(super) fn names(entry: &str, function: &str, tags: &[&str]) -> Vec<String> {
    let tags = tags.iter().map(|tag| format!("{NAMESPACE}:t:{tag}"));
    [
        format!("{NAMESPACE}:k:{entry}"),
        format!("{NAMESPACE}:all"),
        format!("{NAMESPACE}:f:{function}"),
    ]
    .into_iter()
    .chain(tags)
    .collect()
}

/// As cachekit writes values by default.
pub(super) fn encode(user: &User) -> Result<Vec<u8>, Fail> {
    Ok(bincode::serde::encode_to_vec(user, config::standard())?)
}

pub(super) fn decode(bytes: &[u8]) -> Result<User, Fail> {
    let (user, _) = bincode::serde::decode_from_slice(bytes, config::standard())?;
    Ok(user)
}
