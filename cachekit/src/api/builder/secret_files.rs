//! The files with passwords and certificates, read when a cache is built.

use std::path::{Path, PathBuf};

use crate::api::builder::CacheBuilder;
use crate::base::error::BuildError;
use crate::model::config::secret::Password;
use crate::store::redis::tls::Certificates;

/// The logins and certificates of a cache, as its files have them.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// The password of Redis, for an address without one.
    pub(crate) password: Option<String>,
    /// The password of the account on the sentinels.
    pub(crate) sentinel_password: Option<String>,
    pub(crate) certificates: Certificates,
}

impl CacheBuilder {
    /// Reads the passwords and certificates, which may be in files.
    pub(crate) fn secrets(&self) -> Result<Secrets, BuildError> {
        let config = &self.config;
        Ok(Secrets {
            password: password(config.redis_password.as_ref(), "redis_password_file")?,
            sentinel_password: password(
                config.sentinel_password.as_ref(),
                "sentinel_password_file",
            )?,
            certificates: self.certificates()?,
        })
    }

    fn certificates(&self) -> Result<Certificates, BuildError> {
        let config = &self.config;
        let read = |path: &Option<PathBuf>, setting: &str, part: &str| match path {
            Some(path) => pem(path, setting, part).map(Some),
            None => Ok(None),
        };
        Ok(Certificates {
            authorities: read(&config.redis_ca_file, "redis_ca_file", "CERTIFICATE")?,
            own: read(&config.redis_cert_file, "redis_cert_file", "CERTIFICATE")?,
            key: read(&config.redis_key_file, "redis_key_file", "PRIVATE KEY")?,
        })
    }
}

fn password(given: Option<&Password>, setting: &str) -> Result<Option<String>, BuildError> {
    match given {
        None => Ok(None),
        Some(Password::Text(text)) => Ok(Some(text.clone())),
        Some(Password::File(path)) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| unreadable(path, setting, &error))?;
            Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
        }
    }
}

/// Reads a file in PEM that must have a part such as `CERTIFICATE`.
fn pem(path: &Path, setting: &str, part: &str) -> Result<Vec<u8>, BuildError> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, setting, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    let begins = text.lines().any(|line| {
        let label = line.strip_prefix("-----BEGIN ");
        label.is_some_and(|label| label.trim_end().trim_end_matches('-').ends_with(part))
    });
    if begins {
        return Ok(bytes);
    }
    Err(BuildError::setting(
        setting,
        format!("`{}` has no `{part}` in PEM", path.display()),
        format!("give a file with a line such as `-----BEGIN {part}-----`"),
    ))
}

fn unreadable(path: &Path, setting: &str, error: &std::io::Error) -> BuildError {
    BuildError::setting(
        setting,
        format!("cannot read `{}`: {error}", path.display()),
        "check the path and its permissions",
    )
}
