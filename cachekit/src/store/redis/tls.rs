//! Encrypted connections to Redis and to sentinels, with the feature `tls`.

use std::fmt;

use redis::{ConnectionInfo, RedisError};

use crate::store::redis::wrong::Wrong;

/// The certificates of a cache, as their files have them, in PEM.
#[derive(Clone, Default)]
#[cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "the fields are read only with the feature")
)]
pub(crate) struct Certificates {
    /// The certificates of the authorities that sign those of servers. `None`: the authorities that
    /// browsers accept.
    pub(crate) authorities: Option<Vec<u8>>,
    /// The certificate that this process shows to servers. `None`: it shows none.
    pub(crate) own: Option<Vec<u8>>,
    /// The private key of `own`.
    pub(crate) key: Option<Vec<u8>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// Returns `info`, the address of an encrypted connection, with `certificates`.
///
/// # Errors
///
/// Returns the problem and the remedy if the certificates or the key cannot be used.
#[cfg(feature = "tls")]
pub(crate) fn with_certificates(
    info: ConnectionInfo,
    certificates: &Certificates,
) -> Result<ConnectionInfo, Wrong> {
    let own = certificates.own.clone().zip(certificates.key.clone());
    let certificates = redis::TlsCertificates {
        client_tls: own.map(|(client_cert, client_key)| redis::ClientTlsConfig {
            client_cert,
            client_key,
        }),
        root_cert: certificates.authorities.clone(),
    };
    let unusable = |error: RedisError| {
        (
            format!("its certificates cannot be used: {error}"),
            "give files in PEM with `redis_ca_file`, `redis_cert_file` and `redis_key_file`"
                .to_owned(),
        )
    };
    let client = redis::Client::build_with_tls(info, certificates).map_err(unusable)?;
    Ok(client.get_connection_info().clone())
}

/// Returns an error, because the feature `tls` is off.
#[cfg(not(feature = "tls"))]
pub(crate) fn with_certificates(
    _: ConnectionInfo,
    _: &Certificates,
) -> Result<ConnectionInfo, Wrong> {
    Err(unavailable())
}

/// Returns the problem of an address with TLS in a build without the feature `tls`, and the remedy.
pub(crate) fn unavailable() -> Wrong {
    (
        "needs the feature `tls` of cachekit, which is off".to_owned(),
        "enable the feature, or give `redis://` or `unix://`".to_owned(),
    )
}

/// Chooses the cryptography of encrypted connections, unless the program has chosen. Without a
/// choice, the library for TLS panics in a program with two of them.
#[cfg(feature = "tls")]
pub(crate) fn choose_cryptography() {
    use rustls::crypto::{CryptoProvider, ring};

    if CryptoProvider::get_default().is_none() {
        // An error means that another thread has chosen meanwhile.
        let _ = ring::default_provider().install_default();
    }
}

/// Does nothing, because no connection is encrypted.
#[cfg(not(feature = "tls"))]
pub(crate) fn choose_cryptography() {}

/// Words of the errors of TLS, each with the problem and the remedy. The first that matches counts.
const REFUSALS: &[(&str, &str, &str)] = &[
    (
        "UnknownIssuer",
        "shows a certificate of an authority that is not trusted here",
        "give the certificate of that authority with `redis_ca_file` (REDIS_CA_FILE)",
    ),
    (
        "certificate expired",
        "shows a certificate that has expired",
        "renew the certificate of the server, and check the clock of this machine",
    ),
    (
        "certificate not valid yet",
        "shows a certificate that is not valid yet",
        "check the clock of this machine, and the certificate of the server",
    ),
    (
        "certificate not valid for name",
        "shows a certificate for another name",
        "give the name in the certificate as the host of the address, or have the certificate name \
         this host; the nodes of a Redis Cluster tell their names with `cluster-announce-hostname`",
    ),
    (
        "CertificateRequired",
        "wants a certificate of this process",
        "give one with `redis_cert_file` and `redis_key_file`",
    ),
    (
        "received fatal alert: UnknownCA",
        "does not trust the authority of this process's certificate",
        "give a certificate that the server trusts with `redis_cert_file`, or add its authority to \
         the server's `tls-ca-cert-file`",
    ),
    (
        "received fatal alert: CertificateExpired",
        "refuses the certificate of this process, which has expired",
        "renew the certificate in `redis_cert_file`",
    ),
    (
        "received fatal alert",
        "refuses the encrypted connection",
        "see the log of the server; `redis_cert_file` and `redis_key_file` give it a certificate",
    ),
    (
        "InvalidContentType",
        "does not encrypt its connections",
        "give `redis://`, or the port on which the server uses TLS (`tls-port`)",
    ),
    (
        "Unable to build client with TLS parameters",
        "cannot be reached by TLS: the certificate of this process does not fit its key",
        "give a certificate with `redis_cert_file`, and its own key with `redis_key_file`",
    ),
];

/// Returns the problem and the remedy if TLS refuses the server, or the server refuses TLS. Returns
/// `None` for every other error.
pub(crate) fn refusal(error: &RedisError) -> Option<(String, &'static str)> {
    let said = error.to_string();
    let known = REFUSALS.iter().find(|(words, ..)| said.contains(words));
    let other = said.contains("invalid peer certificate").then_some((
        "shows a certificate that is not accepted",
        "see the reason, and the certificate of the server",
    ));
    let found = known.map(|(_, problem, remedy)| (*problem, *remedy));
    let (problem, remedy) = found.or(other)?;
    Some((format!("{problem} ({said})"), remedy))
}
