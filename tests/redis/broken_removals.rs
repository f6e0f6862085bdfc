//! The connection of a process breaks at a removal, and the process is gone.

use std::time::Duration;

use cachekit::testing::{self, Fault};
use cachekit::{Cache, cached, invalidates};
use cachekit_tests::proxy::{Proxy, Sent};
use cachekit_tests::redis::Redis;
use cachekit_tests::scripts::Seed as _;
use cachekit_tests::{Source, until};

use crate::world::{node, settings};

/// A node sweeps four times in a second.
const A_FEW_SWEEPS: Duration = Duration::from_secs(1);

const ENTRY: &str = "shop:k:broken:1";

#[cached(key = "broken:{id}", name = "broken_row", ttl = "1h", skip(source))]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[invalidates(row(_, id))]
async fn write(source: &Source, id: u64) {
    source.write(2);
}

async fn read(node: &Cache, source: &Source) -> u64 {
    testing::scope(node.clone(), row(source, 1)).await
}

/// Lets so many commands of the next removal through, and ends the connection then.
fn break_after(proxy: &Proxy, most: usize) {
    let (mut connection, mut passed) = (None, 0);
    proxy.lose_if(move |sent: &Sent| {
        let is_first = match sent.name().as_str() {
            // The removal of a write with a mark is one script.
            "EVALSHA" => sent.mentions(ENTRY),
            name => matches!(name, "UNLINK" | "ZREM"),
        };
        if is_first {
            connection.get_or_insert(sent.connection);
        }
        let is_part = connection == Some(sent.connection);
        passed += usize::from(is_part);
        is_part && passed > most
    });
    // The node does not come back to say it again.
    proxy.refuse();
}

/// Returns `true` if another node still has the old value in the end.
async fn stays_old(most: usize, fault: Option<Fault>) -> bool {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.addr());
    let mut writer = settings(&proxy.url());
    if let Some(fault) = fault {
        writer = writer.seed(fault);
    }
    let writer = writer.build().await.expect("a valid set-up");
    let reader = node(&redis.url()).await;
    let source = Source::default();
    source.gate.open_for_all();
    source.write(1);
    assert_eq!(read(&reader, &source).await, 1);

    break_after(&proxy, most);
    testing::scope(writer.clone(), write(&source, 1)).await;
    proxy.close_clients();
    until("the writer is gone", || !writer.stats().redis.is_up).await;
    let end = tokio::time::Instant::now() + A_FEW_SWEEPS;
    while tokio::time::Instant::now() < end && read(&reader, &source).await == 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    read(&reader, &source).await == 1
}

#[tokio::test]
async fn g12_w5_the_mark_goes_after_the_names_and_the_word_to_other_nodes() {
    for most in 0..=1 {
        assert!(!stays_old(most, None).await, "{most} commands arrived");
    }
    assert!(stays_old(1, Some(Fault::UnmarkFirst)).await);
}
