//! Settings that the services need besides the address and the password to use their Redis: certificates,
//! the accounts of sentinels, and the trust in a server that an account may not ask.

use cachekit::{CacheBuilder, OnNewMaster};
use clap::Args as Arguments;

use crate::output::Error;

/// The variables of a service that the command reads too. They have options only because clap reads
/// variables by them.
#[derive(Debug, Clone, Arguments)]
pub(crate) struct Access {
    /// Certificates of the authorities that sign the certificates of the servers.
    #[arg(
        long,
        global = true,
        env = "REDIS_CA_FILE",
        value_name = "PATH",
        hide = true
    )]
    redis_ca_file: Option<String>,

    /// Certificate of this client.
    #[arg(
        long,
        global = true,
        env = "REDIS_CERT_FILE",
        value_name = "PATH",
        hide = true
    )]
    redis_cert_file: Option<String>,

    /// Private key of the certificate.
    #[arg(
        long,
        global = true,
        env = "REDIS_KEY_FILE",
        value_name = "PATH",
        hide = true
    )]
    redis_key_file: Option<String>,

    /// User of the account on the sentinels.
    #[arg(
        long,
        global = true,
        env = "REDIS_SENTINEL_USER",
        hide_env_values = true,
        hide = true
    )]
    sentinel_user: Option<String>,

    /// Password of the account on the sentinels.
    #[arg(
        long,
        global = true,
        env = "REDIS_SENTINEL_PASSWORD",
        hide_env_values = true,
        hide = true
    )]
    sentinel_password: Option<String>,

    /// Path of a file with the password of the account on the sentinels.
    #[arg(
        long,
        global = true,
        env = "REDIS_SENTINEL_PASSWORD_FILE",
        value_name = "PATH",
        hide = true
    )]
    sentinel_password_file: Option<String>,

    /// `replay` trusts every data set. An account without the right to `INFO` needs it.
    #[arg(long, global = true, env = "CACHE_ON_NEW_MASTER", hide = true)]
    on_new_master: Option<String>,
}

impl Access {
    /// Takes each empty value for one that is not set.
    pub(crate) fn without_empty(self) -> Self {
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        Self {
            redis_ca_file: given(self.redis_ca_file),
            redis_cert_file: given(self.redis_cert_file),
            redis_key_file: given(self.redis_key_file),
            sentinel_user: given(self.sentinel_user),
            sentinel_password: given(self.sentinel_password),
            sentinel_password_file: given(self.sentinel_password_file),
            on_new_master: given(self.on_new_master),
        }
    }

    /// Sets in `builder` what is given.
    pub(crate) fn set(&self, mut builder: CacheBuilder) -> Result<CacheBuilder, Error> {
        if self.sentinel_password.is_some() && self.sentinel_password_file.is_some() {
            return Err(Error::unusable(
                "both `REDIS_SENTINEL_PASSWORD` and `REDIS_SENTINEL_PASSWORD_FILE` are set",
                "unset one of them",
            ));
        }
        if let Some(path) = &self.redis_ca_file {
            builder = builder.redis_ca_file(path);
        }
        if let Some(path) = &self.redis_cert_file {
            builder = builder.redis_cert_file(path);
        }
        if let Some(path) = &self.redis_key_file {
            builder = builder.redis_key_file(path);
        }
        if let Some(user) = &self.sentinel_user {
            builder = builder.sentinel_user(user);
        }
        if let Some(password) = &self.sentinel_password {
            builder = builder.sentinel_password(password);
        }
        if let Some(path) = &self.sentinel_password_file {
            builder = builder.sentinel_password_file(path);
        }
        let Some(text) = &self.on_new_master else {
            return Ok(builder);
        };
        match text.parse::<OnNewMaster>() {
            Ok(on_new_master) => Ok(builder.on_new_master(on_new_master)),
            Err(expected) => Err(Error::unusable(
                format!("`CACHE_ON_NEW_MASTER` is `{text}`: {expected}"),
                "set it as the services have it, or unset it",
            )),
        }
    }
}
