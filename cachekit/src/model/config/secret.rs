//! Settings that no log and no printed configuration may show.

use std::fmt;
use std::path::PathBuf;

/// Address of a Redis, which may contain a password. Its `Display` and `Debug` forms show only the
/// parts that have the form of a scheme, a host, a port, a database or a path of a socket.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisUrl(pub(crate) String);

/// Password of a Redis, or the file that has it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Password {
    Text(String),
    File(PathBuf),
}

/// Name of an account.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct User(pub(crate) String);

/// Parses a password.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a parser of the table of settings may fail"
)]
pub(crate) fn parse_password(text: &str) -> Result<Option<Password>, String> {
    Ok(Some(Password::Text(text.to_owned())))
}

/// Parses the path of a file with a password.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a parser of the table of settings may fail"
)]
pub(crate) fn parse_password_file(text: &str) -> Result<Option<Password>, String> {
    Ok(Some(Password::File(text.into())))
}

/// Returns the words that stand for a password that was given as a text.
#[expect(
    clippy::ref_option,
    reason = "the table of settings gives a reference to the field"
)]
pub(crate) fn shown_password(password: &Option<Password>) -> String {
    match password {
        Some(Password::Text(_)) => "(hidden)".to_owned(),
        _ => String::new(),
    }
}

/// Returns the path of the file with a password.
#[expect(
    clippy::ref_option,
    reason = "the table of settings gives a reference to the field"
)]
pub(crate) fn shown_password_file(password: &Option<Password>) -> String {
    match password {
        Some(Password::File(path)) => path.display().to_string(),
        _ => String::new(),
    }
}

impl RedisUrl {
    /// Returns `true` if the connection to this address is encrypted.
    pub(crate) fn is_tls(&self) -> bool {
        let schemes = [
            "rediss://",
            "valkeys://",
            "rediss+sentinel://",
            "rediss+cluster://",
        ];
        schemes.iter().any(|scheme| self.0.starts_with(scheme))
    }

    /// Returns `true` if this is the address of sentinels.
    pub(crate) fn is_of_sentinels(&self) -> bool {
        let scheme = self.0.split_once("://").map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| scheme.ends_with("+sentinel"))
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl fmt::Display for RedisUrl {
    /// Writes the address without its user, its password and its parameters, or `(no address)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match shown(&self.0) {
            Some(address) => f.write_str(&address),
            // The text has no known form, so it may be a password in the wrong place.
            None => f.write_str("(no address)"),
        }
    }
}

/// Returns the address `url` without its login and its parameters. Returns `None` if `url` is no
/// address of a host and port, or of a socket.
fn shown(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    // A password that is not percent-encoded may contain any of `/`, `?` and `@`.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let rest = rest.split_once(['?', '#']).map_or(rest, |(path, _)| path);
    match scheme {
        "unix" | "redis+unix" => rest.starts_with('/').then(|| format!("{scheme}://{rest}")),
        "redis" | "rediss" | "valkey" | "valkeys" => {
            let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
            let database = match database {
                number if is_number(number) => format!("/{number}"),
                _ => String::new(),
            };
            is_host_and_port(place).then(|| format!("{scheme}://{place}{database}"))
        }
        "redis+sentinel" | "rediss+sentinel" => {
            let (places, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let (master, database) = rest.split_once('/').unwrap_or((rest, ""));
            let master = if is_name(master) { master } else { "?" };
            let database = match database {
                number if is_number(number) => format!("/{number}"),
                _ => String::new(),
            };
            let are_places = places.split(',').all(is_host_and_port);
            are_places.then(|| format!("{scheme}://{places}/{master}{database}"))
        }
        "redis+cluster" | "rediss+cluster" => {
            let (places, database) = rest.split_once('/').unwrap_or((rest, ""));
            let database = match database {
                number if is_number(number) => format!("/{number}"),
                _ => String::new(),
            };
            let are_places = places.split(',').all(is_host_and_port);
            are_places.then(|| format!("{scheme}://{places}{database}"))
        }
        _ => None,
    }
}

/// Returns `true` if `name` has only characters that the name of a master may have.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.chars().all(is_plain)
}

/// Returns `true` if `place` has the form `host`, `host:port`, `[IPv6]` or `[IPv6]:port`. If
/// somebody wrote `user:password` and forgot `@host`, the text has none of these forms, unless the
/// password is a number, which looks like a port.
fn is_host_and_port(place: &str) -> bool {
    let end = place.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match place[end..].split_once(':') {
        Some((host, port)) => (&place[..end + host.len()], Some(port)),
        None => (place, None),
    };
    let is_in_brackets = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_host = match is_in_brackets {
        Some(inner) => inner
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ":.%".contains(c)),
        None => host
            .chars()
            .all(|c| c.is_alphanumeric() || "-._".contains(c)),
    };
    is_host && !host.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("(hidden)"),
            Self::File(path) => path.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_login_is_shown() {
        let addresses = [
            ("redis://localhost:6379/1", "redis://localhost:6379/1"),
            ("redis://u:p@host/1", "redis://host/1"),
            ("redis://u:p@s/w?x@host", "redis://host"),
            ("unix:///run/redis?pass=p&db=1", "unix:///run/redis"),
            ("hunter2", "(no address)"),
            ("redis://app:hunter2", "(no address)"),
            ("redis://:hunter2", "(no address)"),
            ("redis://app:hunter2/0", "(no address)"),
            ("hunter2://host", "(no address)"),
            ("unix://hunter2", "(no address)"),
            ("redis://host/hunter2", "redis://host"),
            ("redis://host#hunter2", "redis://host"),
            (
                "redis+sentinel://u:hunter2@a:26379,b/mymaster/1",
                "redis+sentinel://a:26379,b/mymaster/1",
            ),
            (
                "rediss+sentinel://a,[::1]:7/m",
                "rediss+sentinel://a,[::1]:7/m",
            ),
            ("redis+sentinel://a/hunter 2", "redis+sentinel://a/?"),
            ("redis+sentinel://hunter2:x,b/m", "(no address)"),
            (
                "redis+cluster://u:hunter2@a:7,b/0",
                "redis+cluster://a:7,b/0",
            ),
            (
                "rediss+cluster://a,[::1]:7/hunter2",
                "rediss+cluster://a,[::1]:7",
            ),
            ("redis+cluster://a,hunter2:x", "(no address)"),
            ("redis://", "(no address)"),
            ("redis://[::1]:6379/2", "redis://[::1]:6379/2"),
            ("redis://u:p@[fe80::1%eth0]", "redis://[fe80::1%eth0]"),
            (
                "redis://cache-1.shop_net:6379",
                "redis://cache-1.shop_net:6379",
            ),
        ];
        for (address, expected) in addresses {
            let address = RedisUrl(address.to_owned());
            assert_eq!(address.to_string(), expected);
            assert_eq!(format!("{address:?}"), expected);
        }
        let password = Password::Text("hunter2".to_owned());
        assert_eq!(format!("{password:?}"), "(hidden)");
    }
}
