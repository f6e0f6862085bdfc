//! Certificates, made for one test, and a server that shows them.

use std::fs;
use std::path::{Path, PathBuf};

use cachekit::CacheBuilder;
use cachekit_tests::redis::{PORT, Redis};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tempfile::TempDir;

/// An authority, and the folder in which its certificates are.
pub(crate) struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a certificate and of its key.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cachekit-tls-").tempdir();
        let folder = folder.expect("a temporary folder");
        let mut params = params("authority", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("a file");
        let issuer = Issuer::new(params, key);
        Self { folder, issuer }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for these hosts.
    pub(crate) fn issue(&self, hosts: &[&str]) -> Files {
        self.sign(&hosts.join("-"), &params("server", hosts))
    }

    /// A certificate for this host, of a year that is over.
    pub(crate) fn issue_expired(&self, host: &str) -> Files {
        let mut params = params("expired", &[host]);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign("expired", &params)
    }

    fn sign(&self, name: &str, params: &CertificateParams) -> Files {
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer);
        let file = |end: &str| self.folder.path().join(format!("{name}.{end}"));
        let files = Files {
            certificate: file("pem"),
            key: file("key"),
        };
        let text = signed.expect("a certificate").pem();
        fs::write(&files.certificate, text).expect("a file");
        fs::write(&files.key, key.serialize_pem()).expect("a file");
        files
    }
}

fn params(subject: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("hosts");
    let mut name = DistinguishedName::new();
    // An authority has another name than what it signs, or the certificate counts as its own issuer.
    // Two authorities have different names, or a signature counts as a wrong one of the same.
    name.push(
        DnType::CommonName,
        format!("{subject} {}", fastrand::u64(..)),
    );
    params.distinguished_name = name;
    params
}

/// Arguments of a server that shows this certificate, and asks clients for one if it says so.
pub(crate) fn args<'a>(
    authority: &'a str,
    [certificate, key]: [&'a str; 2],
    asks_clients: &'a str,
) -> Vec<&'a str> {
    vec![
        "--port",
        "0",
        "--tls-port",
        PORT,
        "--tls-cert-file",
        certificate,
        "--tls-key-file",
        key,
        "--tls-ca-cert-file",
        authority,
        "--tls-auth-clients",
        asks_clients,
    ]
}

/// A server that speaks TLS only.
///
/// # Panics
///
/// If it does not start: it may have been built without TLS.
pub(crate) fn server(authority: &Authority, files: &Files, asks_clients: &str) -> Redis {
    let authority = authority.file();
    let shown = [text(&files.certificate), text(&files.key)];
    Redis::with(&args(text(&authority), shown, asks_clients))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// A cache at this host, which has the server's port.
pub(crate) fn settings(host: &str, redis: &Redis) -> CacheBuilder {
    let url = format!("rediss://{host}:{}", redis.addr().port());
    cachekit_tests::patient(url)
}

/// What keeps a cache from being built.
pub(crate) async fn refused(builder: CacheBuilder) -> String {
    let built = builder.build().await;
    built.expect_err("it has to be refused").to_string()
}
