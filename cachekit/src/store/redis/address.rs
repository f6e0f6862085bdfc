//! The address of a Redis server, and the connection to that server.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisError,
};

/// The address of a Redis server, with the user and the password. The `Debug` form of an address
/// shows neither the user nor the password.
#[derive(Clone)]
pub(crate) struct Address(ConnectionInfo);

impl Address {
    /// Parses `redis://[user:password@]host[:port][/db]` or `unix:///path[?db=0]`. `password` is
    /// used if the address contains no password.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy, without the address, because the address may contain a
    /// password.
    pub(crate) fn parse(url: &str, password: Option<&str>) -> Result<Self, Wrong> {
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
        if scheme.is_some_and(|scheme| !scheme.contains("unix")) && has_bare_login(url) {
            return Err((
                "its user or password has a `/`, `?` or `#` as it is".to_owned(),
                "percent-encode it (`%2F`, `%3F`, `%23`), or give the password by \
                 `REDIS_PASSWORD` (`redis_password`), as it is; as in `redis://user@host:6379`"
                    .to_owned(),
            ));
        }
        let info = url.into_connection_info().map_err(|error| {
            (
                crate::store::redis::errors::shown(&error),
                expected.to_owned(),
            )
        })?;
        if info.redis_settings().db() < 0 {
            let problem = "the number of its database is below zero".to_owned();
            return Err((problem, expected.to_owned()));
        }
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

    /// Returns the number of the database.
    pub(crate) fn database(&self) -> i64 {
        self.0.redis_settings().db()
    }

    /// Connects to the server and logs in. Messages that the server pushes are passed to the
    /// function `push`.
    pub(crate) async fn connect(
        &self,
        push: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(crate::store::redis::timeout::CONNECT_TIMEOUT))
            // The client needs no limit, because every caller of the connection has its own
            // deadline.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024)
            .set_push_sender(push);
        let client = Client::open(self.0.clone())?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
}

/// Returns `true` if a `/`, `?` or `#` comes before an `@` in the address `url`. The user or the
/// password then contains that character without percent-encoding, and the part after the character
/// would be parsed as a path.
fn has_bare_login(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']);
    end.is_some_and(|end| rest[end..].contains('@'))
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The login is never written, because the text goes into the log.
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) => write!(f, "redis://{host}:{port}"),
            ConnectionAddr::Unix(path) => write!(f, "unix://{}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

/// The problem with a Redis address or its server, and the remedy, as texts for the user.
pub(crate) type Wrong = (String, String);

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

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

    fn login(url: &str) -> Result<(Option<String>, Option<String>), Wrong> {
        let Address(info) = Address::parse(url, None)?;
        let settings = info.redis_settings();
        let owned = |word: Option<&str>| word.map(str::to_owned);
        Ok((owned(settings.username()), owned(settings.password())))
    }

    /// Percent-encodes every byte of `word`.
    fn encoded(word: &str) -> String {
        let mut encoded = String::new();
        for byte in word.bytes() {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    }

    /// Tests that a special character in a user or password without percent-encoding is either
    /// taken literally or refused with the remedy. No character changes the meaning of the address.
    #[test]
    fn every_character_of_a_login_is_itself_or_refused() {
        let special = (' '..='~').filter(|c| !c.is_ascii_alphanumeric());
        let mut refused = String::new();
        for c in special.chain(['é', '☂']) {
            let word = format!("pa{c}ss");
            let wanted = (Some("app".to_owned()), Some(word.clone()));
            let url = format!("redis://app:{}@host:6379/1", encoded(&word));
            assert_eq!(login(&url), Ok(wanted.clone()), "{url}");
            let bare = format!("redis://app:{word}@host:6379/1");
            match login(&bare) {
                Ok(read) => assert_eq!(read, wanted, "{bare}"),
                Err((problem, remedy)) => {
                    refused.push(c);
                    assert!(
                        remedy.contains("percent-encode"),
                        "{bare}: {problem}; {remedy}"
                    );
                    assert!(remedy.contains("REDIS_PASSWORD"), "{remedy}");
                    assert!(!format!("{problem}{remedy}").contains(&word), "{problem}");
                }
            }
            if !":".contains(c) {
                let user = format!("redis://{word}:x@host");
                let read = login(&user).map(|(user, _)| user);
                assert!(read.is_err() == refused.ends_with(c), "{user}");
                assert!(read.is_err() || read == Ok(Some(word.clone())), "{user}");
            }
            // A unix address has its login in its query.
            let path = format!("unix:///run/redis.sock?user=app&pass={}", encoded(&word));
            assert_eq!(login(&path), Ok(wanted), "{path}");
            // The argument `password` of `parse` is taken literally.
            let Address(info) = Address::parse("redis://app@host", Some(&word)).unwrap();
            assert_eq!(info.redis_settings().password(), Some(&*word));
        }
        assert_eq!(refused, "#/?");
    }

    #[test]
    fn every_other_part_is_read_or_refused_in_words() {
        let read = |url: &str| {
            Address::parse(url, None).map(|address| {
                let db = address.database();
                format!("{address:?} {db}")
            })
        };
        for (url, wanted) in [
            ("redis://host", "redis://host:6379 0"),
            ("redis://host/", "redis://host:6379 0"),
            ("redis://host:1/15", "redis://host:1 15"),
            ("valkey://10.0.0.1:65535", "redis://10.0.0.1:65535 0"),
            ("redis://[::1]:7/2", "redis://::1:7 2"),
            ("redis://host?protocol=resp3", "redis://host:6379 0"),
            ("redis://host?protocol=resp2", "redis://host:6379 0"),
            ("unix:///run/a@b.sock?db=3", "unix:///run/a@b.sock 3"),
            ("redis+unix:///run/redis.sock", "unix:///run/redis.sock 0"),
        ] {
            assert_eq!(read(url).as_deref(), Ok(wanted), "{url}");
        }
        for url in [
            "redis://",
            "redis:///1",
            "redis://host:65536",
            "redis://host:port",
            "redis://host/one",
            "redis://host/-1",
            "redis://host/1/2",
            "redis://::1:6379",
            "redis://0.0.0.0",
            "redis://a b",
            "redis://host?protocol=7",
            "unix://",
            "unix://relative",
            "unix:///run/redis.sock?db=one",
            "unix:///run/redis.sock?db=-1",
        ] {
            let (problem, remedy) = Address::parse(url, None).expect_err(url);
            assert!(
                !problem.is_empty() && remedy.contains("redis://"),
                "{url}: {problem}"
            );
        }
    }
}
