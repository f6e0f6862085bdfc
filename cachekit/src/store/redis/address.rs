//! The address of a Redis server or of a sentinel, and the connection to that server.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisError,
};

use crate::store::redis::place::Place;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::tls::Certificates;
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::wrong::Wrong;
use crate::store::redis::{errors, tls};

/// The address of one server, with the user and the password. The `Debug` form of an address shows
/// neither the user nor the password.
#[derive(Clone)]
pub(crate) struct Address(ConnectionInfo);

/// The forms of addresses that errors name.
pub(crate) const EXPECTED: &str = "expected `redis://host:6379`, `rediss://host:6379`, \
                                   `unix:///path/to/socket`, \
                                   `redis+sentinel://host:26379,host2:26379/mymaster` or \
                                   `redis+cluster://host:6379,host2:6379`";

impl Address {
    /// Parses `redis://[user:password@]host[:port][/db]` or `unix:///path[?db=0]`, and with the
    /// feature `tls` also `rediss://..`. `password` is used if the address contains no password.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy, without the address, because the address may contain a
    /// password.
    pub(crate) fn parse(
        url: &str,
        password: Option<&str>,
        certificates: &Certificates,
    ) -> Result<Self, Wrong> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        let is_encrypted = match scheme {
            Some("redis" | "unix" | "redis+unix" | "valkey") => false,
            Some("rediss" | "valkeys") if cfg!(feature = "tls") => true,
            Some("rediss" | "valkeys") => return Err(tls::unavailable()),
            Some(scheme @ ("sentinel" | "cluster")) => {
                let problem = format!("`{scheme}://` is not available in this version");
                return Err((problem, EXPECTED.to_owned()));
            }
            _ => {
                let problem = "is not the address of a Redis".to_owned();
                return Err((problem, EXPECTED.to_owned()));
            }
        };
        if scheme.is_some_and(|scheme| !scheme.contains("unix")) {
            check_login(url)?;
        }
        if is_encrypted && url.contains('#') {
            let problem = "asks for an encrypted connection whose certificate nobody checks";
            let remedy = "remove what follows `#`; `redis_ca_file` gives an authority of your own";
            return Err((problem.to_owned(), remedy.to_owned()));
        }
        let refused = |error: RedisError| (errors::shown(&error), EXPECTED.to_owned());
        let mut info = url.into_connection_info().map_err(refused)?;
        if info.redis_settings().db() < 0 {
            let problem = "the number of its database is below zero".to_owned();
            return Err((problem, EXPECTED.to_owned()));
        }
        if is_encrypted {
            info = tls::with_certificates(info, certificates)?;
        }
        // Servers log the name of the client library as a refused command if the account has only the
        // rights that the cache needs.
        let mut settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3)
            .set_skip_set_lib_name();
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

    /// Returns the address of the server at `place`, with the login, the database and the
    /// certificates of this address.
    pub(crate) fn at(&self, place: &Place) -> Self {
        let host = place.host.clone();
        let addr = match self.0.addr() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host,
                port: place.port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, place.port),
        };
        Self(self.0.clone().set_addr(addr))
    }

    /// Returns this address with `user` and `password` as its login.
    pub(crate) fn with_login(&self, user: Option<&str>, password: Option<&str>) -> Self {
        let mut settings = self.0.redis_settings().clone();
        if let Some(user) = user {
            settings = settings.set_username(user);
        }
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        Self(self.0.clone().set_redis_settings(settings))
    }

    /// Returns the host and the port. `None` for a socket.
    pub(crate) fn place(&self) -> Option<Place> {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some(Place {
                    host: host.clone(),
                    port: *port,
                })
            }
            _ => None,
        }
    }

    /// Returns the number of the database.
    pub(crate) fn database(&self) -> i64 {
        self.0.redis_settings().db()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.0.addr(), ConnectionAddr::TcpTls { .. })
    }

    /// Returns the reason for which no connection was made if the server gave no answer in time.
    pub(crate) fn silence(&self) -> Unconnected {
        Unconnected::passing(if self.is_encrypted() {
            "timed out; a server without TLS gives no answer either: does it have a `tls-port`?"
        } else {
            "timed out"
        })
    }

    /// Connects to the server and logs in, within [`CONNECT_TIMEOUT`]. Messages that the server
    /// pushes are passed to the function `push`.
    pub(crate) async fn connect(
        &self,
        push: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, Unconnected> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            // The client needs no limit, because every caller of the connection has its own
            // deadline.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(1024)
            .set_push_sender(push);
        if self.is_encrypted() {
            tls::choose_cryptography();
        }
        let client = Client::open(self.0.clone()).map_err(|error| Unconnected::of(self, &error))?;
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        connecting.await.map_err(|error| {
            if error.is_timeout() {
                self.silence()
            } else if error.is_connection_dropped() && !self.is_encrypted() {
                let why = errors::shown(&error);
                Unconnected::passing(format!(
                    "{why}; a port for TLS ends the connection too: does it need `rediss://`?"
                ))
            } else {
                Unconnected::of(self, &error)
            }
        })
    }
}

/// Returns an error if a `/`, `?` or `#` comes before an `@` in the address `url`. The user or the
/// password then contains that character without percent-encoding, and the part after the character
/// would be parsed as a path.
pub(crate) fn check_login(url: &str) -> Result<(), Wrong> {
    if !has_bare_login(url) {
        return Ok(());
    }
    Err((
        "its user or password has a `/`, `?` or `#` as it is".to_owned(),
        "percent-encode it (`%2F`, `%3F`, `%23`), or give the password by `REDIS_PASSWORD` \
         (`redis_password`), as it is; as in `redis://user@host:6379`"
            .to_owned(),
    ))
}

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
            ConnectionAddr::TcpTls { host, port, .. } => write!(f, "rediss://{host}:{port}"),
            ConnectionAddr::Unix(path) => write!(f, "unix://{}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn parse(url: &str, password: Option<&str>) -> Result<Address, Wrong> {
        Address::parse(url, password, &Certificates::default())
    }

    #[test]
    fn addresses_are_read_and_shown_without_their_login() {
        let read = |url| format!("{:?}", parse(url, None).unwrap());
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
            "rediss://:secret@x#insecure",
            "cluster://:secret@x",
            "",
        ] {
            let (problem, remedy) = parse(url, None).unwrap_err();
            let said = format!("{problem}; {remedy}");
            assert!(
                said.contains("redis://") || said.contains("redis_ca_file"),
                "{said}"
            );
            assert!(!said.contains("secret"), "{said}");
        }
    }

    fn login(url: &str) -> Result<(Option<String>, Option<String>), Wrong> {
        let Address(info) = parse(url, None)?;
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
            let Address(info) = parse("redis://app@host", Some(&word)).unwrap();
            assert_eq!(info.redis_settings().password(), Some(&*word));
        }
        assert_eq!(refused, "#/?");
    }

    #[test]
    fn every_other_part_is_read_or_refused_in_words() {
        let read = |url: &str| {
            parse(url, None).map(|address| {
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
            let (problem, remedy) = parse(url, None).expect_err(url);
            assert!(
                !problem.is_empty() && remedy.contains("redis://"),
                "{url}: {problem}"
            );
        }
    }
}
