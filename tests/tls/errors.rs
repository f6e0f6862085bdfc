//! Certificates that are refused: the error says what is wrong with which one, and what to do.

use cachekit::Severity;
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::Redis;
use tracing::Level;

use crate::certificates::{Authority, refused, server, settings};

/// The text has all of these words, and names the setting with the address.
fn says(told: &str, words: &[&str]) {
    assert!(told.starts_with("redis (REDIS_URL): rediss://"), "{told}");
    for word in words {
        assert!(told.contains(word), "`{word}`: {told}");
    }
}

#[tokio::test]
async fn a_wrong_authority() {
    let (authority, other) = (Authority::new(), Authority::new());
    let redis = server(&authority, &authority.issue(&["localhost"]), "no");
    let builder = || settings("localhost", &redis).redis_ca_file(other.file());
    let words = [
        "shows a certificate of an authority that is not trusted here",
        "`redis_ca_file` (REDIS_CA_FILE)",
    ];
    says(&refused(builder()).await, &words);
    // Neither do browsers trust the authority of a test.
    says(&refused(settings("localhost", &redis)).await, &words);
    let diagnosis = builder().doctor().await;
    let finding = &diagnosis.findings[0];
    assert_eq!(finding.severity, Severity::Error);
    assert!(finding.problem.contains(words[0]), "{diagnosis}");
}

#[tokio::test]
async fn an_expired_certificate() {
    let authority = Authority::new();
    let redis = server(&authority, &authority.issue_expired("localhost"), "no");
    let builder = settings("localhost", &redis).redis_ca_file(authority.file());
    says(
        &refused(builder).await,
        &[
            "shows a certificate that has expired",
            "renew the certificate of the server",
        ],
    );
}

#[tokio::test]
async fn a_wrong_name() {
    let authority = Authority::new();
    let redis = server(&authority, &authority.issue(&["cache.internal"]), "no");
    for host in ["localhost", "127.0.0.1"] {
        let builder = settings(host, &redis).redis_ca_file(authority.file());
        says(
            &refused(builder).await,
            &[
                "shows a certificate for another name",
                "cache.internal",
                "host of the address",
            ],
        );
    }
}

#[tokio::test]
async fn a_certificate_that_the_server_asks_for() {
    let (authority, other) = (Authority::new(), Authority::new());
    let redis = server(&authority, &authority.issue(&["localhost"]), "yes");
    let builder = || settings("localhost", &redis).redis_ca_file(authority.file());
    says(
        &refused(builder()).await,
        &[
            "wants a certificate of this process",
            "`redis_cert_file` and `redis_key_file`",
        ],
    );
    for (own, words) in [
        (
            other.issue(&["client"]),
            "does not trust the authority of this process's certificate",
        ),
        (
            authority.issue_expired("client"),
            "the certificate of this process, which has expired",
        ),
    ] {
        let builder = builder()
            .redis_cert_file(&own.certificate)
            .redis_key_file(&own.key);
        says(&refused(builder).await, &[words, "redis_cert_file"]);
    }
}

/// The server ends the connection, and says nothing.
#[tokio::test]
async fn an_address_without_tls() {
    let authority = Authority::new();
    let redis = server(&authority, &authority.issue(&["localhost"]), "no");
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let url = format!("redis://localhost:{}", redis.addr().port());
    let built = cachekit_tests::patient(url).build().await;
    assert!(
        !built
            .expect("it may end for another reason")
            .stats()
            .redis
            .is_up
    );
    let lines = log.take();
    let line = lines.iter().find(|line| line.text.contains("unreachable"));
    let line = line.unwrap_or_else(|| panic!("it is not told: {lines:?}"));
    assert!(
        line.text.contains("does it need `rediss://`"),
        "{}",
        line.text
    );
}

/// It waits for the end of a command, so its silence is all that there is.
#[tokio::test]
async fn a_server_without_tls() {
    let redis = Redis::start();
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let built = settings("localhost", &redis).build().await;
    assert!(
        !built
            .expect("it may be silent for another reason")
            .stats()
            .redis
            .is_up
    );
    let lines = log.take();
    let line = lines.iter().find(|line| line.text.contains("unreachable"));
    let line = line.unwrap_or_else(|| panic!("it is not told: {lines:?}"));
    assert!(
        line.text.contains("a server without TLS gives no answer"),
        "{}",
        line.text
    );
}

/// It may have been renewed since the start, so the cache goes on trying.
#[tokio::test]
async fn a_certificate_that_expires_while_the_cache_runs_is_no_outage() {
    let authority = Authority::new();
    let right = authority.issue(&["localhost"]);
    let redis = server(&authority, &right, "no");
    let log = Capture::up_to(Level::INFO);
    let _log = tracing::subscriber::set_default(log.clone());
    let builder = settings("localhost", &redis).redis_ca_file(authority.file());
    let cache = builder.build().await.expect("a valid set-up");
    let expired = authority.issue_expired("localhost");
    for (from, to) in [
        (&expired.certificate, &right.certificate),
        (&expired.key, &right.key),
    ] {
        std::fs::copy(from, to).expect("a file");
    }
    redis.kill();
    redis.restart();
    cachekit_tests::until("it is told", || {
        let lines = log.take();
        lines.iter().any(|line| {
            let is_warning = line.level == Level::WARN;
            is_warning && line.text.contains("shows a certificate that has expired")
        })
    })
    .await;
    assert!(!cache.stats().redis.is_up);
}
