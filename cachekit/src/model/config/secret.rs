//! Settings that no log and no printed configuration may show.

use std::fmt;
use std::path::PathBuf;

/// Address of a Redis, which may contain a password. Its `Debug` form shows neither the user nor
/// the password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisUrl(pub(crate) String);

/// Password of a Redis, or the file that has it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Password {
    Text(String),
    File(PathBuf),
}

impl fmt::Display for RedisUrl {
    /// Writes the address without its user, its password and its parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            // What it is cannot be told, so it may be a password in the wrong place.
            return f.write_str("(no address)");
        };
        // A password that is not percent-encoded may contain any of `/`, `?` and `@`.
        let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
        write!(f, "{scheme}://{rest}")
    }
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
