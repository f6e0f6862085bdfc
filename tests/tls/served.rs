//! Connections that are right: both of a cache, with and without a certificate of its own, and by
//! way of sentinels.

use cachekit::{Cache, Policy};
use cachekit_tests::sentinel::{NAME, Sentinel};
use cachekit_tests::until;

use crate::certificates::{Authority, args, server, settings, text};

async fn is_served(cache: &Cache) {
    until("it is connected", || {
        let redis = cache.stats().redis;
        redis.is_up && redis.is_bus_live
    })
    .await;
    let policy = Policy::new();
    assert_eq!(cache.get_or_compute("a", &policy, || async { 1 }).await, 1);
    until("it is stored", || cache.stats().redis.stores == 1).await;
    cache.invalidation().acknowledged().keys(["a"]).await;
    assert_eq!(cache.stats().redis.failures, 0);
    cache.shutdown().await;
}

#[tokio::test]
async fn a_name_and_a_number_are_reached() {
    let authority = Authority::new();
    let files = authority.issue(&["localhost", "127.0.0.1"]);
    let redis = server(&authority, &files, "no");
    for host in ["localhost", "127.0.0.1"] {
        let builder = settings(host, &redis).redis_ca_file(authority.file());
        let cache = builder.build().await.expect(host);
        let wanted = format!("rediss://{host}:{}", redis.addr().port());
        until("it is connected", || {
            cache.stats().redis.server == Some(wanted.clone())
        })
        .await;
        is_served(&cache).await;
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_one() {
    let authority = Authority::new();
    let redis = server(&authority, &authority.issue(&["localhost"]), "yes");
    let own = authority.issue(&["client"]);
    let builder = settings("localhost", &redis).redis_ca_file(authority.file());
    let builder = builder
        .redis_cert_file(&own.certificate)
        .redis_key_file(&own.key);
    is_served(&builder.build().await.expect("it is trusted")).await;
}

/// Both the sentinel and the master are asked by TLS, and both may ask for a certificate.
#[tokio::test]
async fn sentinels_are_asked_by_tls_too() {
    let authority = Authority::new();
    let files = authority.issue(&["127.0.0.1"]);
    let redis = server(&authority, &files, "yes");
    let ca = authority.file();
    let shown = [text(&files.certificate), text(&files.key)];
    let mut words = args(text(&ca), shown, "yes");
    words.extend(["--tls-replication", "yes"]);
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let sentinel = Sentinel::with(redis.addr(), &[], &words);
    let url = format!("rediss+sentinel://{}/{NAME}", sentinel.addr());
    let builder = cachekit_tests::patient(url);
    let builder = builder
        .redis_ca_file(authority.file())
        .redis_cert_file(&files.certificate)
        .redis_key_file(&files.key);
    let cache = builder.build().await.expect("a valid set-up");
    let wanted = format!("rediss://{}", redis.addr());
    until("it is connected", || {
        cache.stats().redis.server == Some(wanted.clone())
    })
    .await;
    is_served(&cache).await;
}
