//! Where a server is, and how to connect to it.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisError,
};

/// A server, with login.
#[derive(Clone)]
pub(super) struct Address(ConnectionInfo);

impl Address {
    /// Reads `redis://[user:password@]host[:port][/db]` or `unix:///path[?db=0]`.
    /// `password` is used where the address has none.
    ///
    /// # Errors
    ///
    /// What is wrong with it and the remedy, without the address: it may hold a password.
    pub(super) fn parse(url: &str, password: Option<&str>) -> Result<Self, (String, String)> {
        let expected = "expected `redis://host:6379` or `unix:///path/to/socket`";
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some("redis" | "unix" | "redis+unix" | "valkey") => {}
            Some(scheme @ ("rediss" | "valkeys" | "sentinel" | "cluster")) => {
                let problem = format!("`{scheme}://` is not available in this version yet");
                return Err((problem, "give `redis://` or `unix://`".to_owned()));
            }
            _ => {
                return Err((
                    "is not the address of a Redis".to_owned(),
                    expected.to_owned(),
                ));
            }
        }
        let info = url
            .into_connection_info()
            .map_err(|error| (super::link::shown(&error), expected.to_owned()))?;
        let mut settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        if let (None, Some(password)) = (settings.password(), password) {
            settings = settings.set_password(password);
        }
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(5))
            .with_interval(Duration::from_secs(1));
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive);
        Ok(Self(
            info.set_redis_settings(settings).set_tcp_settings(tcp),
        ))
    }

    /// Connects and logs in. What the server sends by itself goes to `push`.
    pub(super) async fn connect(
        &self,
        push: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(super::link::CONNECT_TIMEOUT))
            // Every call has a deadline of its own.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024)
            .set_push_sender(push);
        let client = Client::open(self.0.clone())?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the login.
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) => write!(f, "redis://{host}:{port}"),
            ConnectionAddr::Unix(path) => write!(f, "unix://{}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_their_login() {
        let read = |url| format!("{:?}", Address::parse(url, None).unwrap());
        assert_eq!(
            read("redis://ann:secret@cache.internal:6380/2"),
            "redis://cache.internal:6380"
        );
        assert_eq!(read("redis://localhost"), "redis://localhost:6379");
        assert_eq!(
            read("unix:///run/redis.sock?db=1"),
            "unix:///run/redis.sock"
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_the_address() {
        for url in [
            "localhost:6379",
            "http://x",
            "redis://user:secret@",
            "rediss://:secret@x",
            "",
        ] {
            let (problem, remedy) = Address::parse(url, None).unwrap_err();
            let said = format!("{problem}; {remedy}");
            assert!(said.contains("redis://"), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
