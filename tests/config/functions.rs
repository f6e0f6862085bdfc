//! Options of functions from a file, and reloads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::testing::{ManualClock, scope};
use cachekit::{ConfigOrigin, ReloadReport, cached};

use crate::{File, entry, is_line};

const SECOND: Duration = Duration::from_secs(1);

fn bump(runs: &AtomicU64) -> u64 {
    runs.fetch_add(1, Ordering::SeqCst) + 1
}

#[cached(
    name = "config::constant",
    key = "config-constant",
    ttl = 300,
    skip(runs)
)]
async fn constant(runs: &AtomicU64) -> u64 {
    bump(runs)
}

#[cached(name = "config::adaptive", key = "config-adaptive", ttl = Duration::from_secs(*ret), skip(runs))]
async fn adaptive(runs: &AtomicU64) -> u64 {
    bump(runs) * 100
}

#[tokio::test]
async fn a_file_s_ttl_is_over_the_attribute_s() {
    let file = File::new("[functions.\"config::*\"]\nttl = 10\n");
    let clock = ManualClock::new();
    let cache = file
        .builder()
        .clock(clock.clone())
        .build()
        .await
        .expect("a right file");
    let runs: [AtomicU64; 2] = Default::default();
    scope(cache.clone(), async {
        let both = async || (constant(&runs[0]).await, adaptive(&runs[1]).await);
        assert_eq!(both().await, (1, 100));
        clock.advance(9 * SECOND);
        assert_eq!(both().await, (1, 100));
        clock.advance(SECOND);
        assert_eq!(both().await, (2, 200));
    })
    .await;
    let ttl = entry(&cache, "config::constant", "ttl");
    assert!(ttl.value == "10s" && is_line(&ttl.origin, 2), "{ttl:?}");
    let other = cachekit_tests::builder().build().await.expect("no file");
    let ttl = entry(&other, "config::constant", "ttl");
    assert_eq!(
        (ttl.value.as_str(), ttl.origin),
        ("5m", ConfigOrigin::Attribute)
    );
}

#[cached(name = "config_off::one", key = "config-off", skip(runs))]
async fn off(runs: &AtomicU64) -> u64 {
    bump(runs)
}

#[cached(name = "config_off::blocking", key = "config-off-blocking", tier = memory, skip(runs))]
fn off_blocking(runs: &AtomicU64) -> u64 {
    bump(runs)
}

#[tokio::test]
async fn a_function_that_is_off_stores_and_serves_nothing() {
    let file = File::new("[functions.\"config_off::*\"]\nenabled = false\n");
    let runs: [AtomicU64; 2] = Default::default();
    let cache = file.builder().build().await.expect("a right file");
    scope(cache, async {
        for expected in 1..=3 {
            assert_eq!(off(&runs[0]).await, expected);
            assert_eq!(off_blocking(&runs[1]), expected);
        }
        off::entry().put(9).await;
        assert_eq!(off::entry().get().await, None);
        assert_eq!(off(&runs[0]).await, 4);
        let stats = off::stats();
        assert_eq!((stats.bypassed, stats.misses), (4, 0));
    })
    .await;
}

#[cached(name = "config_reload::one", key = "config-reload:{id}", skip(runs))]
async fn reloaded(id: u64, runs: &AtomicU64) -> u64 {
    let _ = id;
    bump(runs)
}

#[tokio::test]
async fn an_option_that_waits_for_a_restart_is_shown_as_it_is_in_effect() {
    let file = File::new("[functions.\"config_reload::one\"]\nmax_computations = 3\n");
    let cache = file.builder().build().await.expect("a right file");
    for (text, needs_restart) in [
        ("max_computations = 4\n", true),
        ("", true),
        ("max_computations = 3\n", false),
    ] {
        file.write(&format!("[functions.\"config_reload::one\"]\n{text}"));
        let report = cache.reload().expect("a right file");
        assert_eq!(!report.needs_restart.is_empty(), needs_restart, "{text}");
        let shown = entry(&cache, "config_reload::one", "max_computations");
        assert_eq!(shown.value, "3", "{text}");
    }
}

#[tokio::test]
async fn a_reload_changes_what_is_stored_from_then_on() {
    let file = File::new("[functions.\"config_reload::one\"]\nttl = 100\n");
    let clock = ManualClock::new();
    let cache = file
        .builder()
        .clock(clock.clone())
        .build()
        .await
        .expect("a right file");
    let runs = AtomicU64::default();
    scope(cache.clone(), async {
        assert_eq!(reloaded(1, &runs).await, 1);
        file.write("[cache]\nhot_keys = 5\n[functions.\"config_reload::one\"]\nttl = 10\nmax_computations = 3\n");
        let report = cache.reload().expect("a right file");
        assert_eq!(report.changed, ["config_reload::one.ttl"]);
        assert_eq!(report.needs_restart, ["cache.hot_keys", "config_reload::one.max_computations"]);
        let shown = |name: &str| {
            let functions = cache.config().functions.into_iter();
            let mut of_one = functions.filter(|it| it.section == "config_reload::one");
            of_one.find(|it| it.name == name).map(|it| it.value)
        };
        assert_eq!(shown("ttl").as_deref(), Some("10s"));
        assert_eq!(shown("max_computations"), None, "it is not in effect");
        assert_eq!(reloaded(2, &runs).await, 2);
        clock.advance(50 * SECOND);
        assert_eq!(reloaded(1, &runs).await, 1, "stored before");
        assert_eq!(reloaded(2, &runs).await, 3, "stored after");

        // Off: not served from memory any more. On again: nothing of before comes back.
        file.write("[functions.\"config_reload::one\"]\nenabled = false\n");
        let report = cache.reload().expect("a right file");
        assert_eq!(report.changed, ["config_reload::one.enabled", "config_reload::one.ttl"]);
        assert_eq!(reloaded(1, &runs).await, 4);
        assert_eq!(reloaded(1, &runs).await, 5);
        file.write("");
        assert_eq!(cache.reload().expect("an empty file").changed, ["config_reload::one.enabled"]);
        assert_eq!(reloaded(1, &runs).await, 6);
        assert_eq!(reloaded(1, &runs).await, 6);
        clock.advance(299 * SECOND);
        assert_eq!(reloaded(1, &runs).await, 6, "the default of 300 s");
        assert_eq!(cache.reload().expect("the same"), ReloadReport::default());
    })
    .await;
}

#[tokio::test]
async fn a_cache_without_a_file_cannot_reload() {
    let cache = cachekit_tests::builder().build().await.expect("no file");
    let said = cache.reload().expect_err("no file").to_string();
    assert!(
        said.starts_with("reload: the cache has no configuration file; "),
        "{said}"
    );
}
