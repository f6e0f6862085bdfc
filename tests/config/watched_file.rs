//! A configuration file that changes while the cache is in use. The log is captured for the whole
//! process, because a thread of the cache writes to it.

use std::fs;
use std::time::Duration;

use cachekit::testing::scope;
use cachekit::{Cache, cached};
use cachekit_tests::capture::Capture;

#[cached(name = "config_kept::one", key = "config-kept")]
async fn kept() -> u64 {
    7
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_logged_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cachekit.toml");
    let write = |options: &str| {
        let text = format!("[functions.\"config_kept::one\"]\n{options}\n");
        // At once, as the file is replaced in a service.
        let new = folder.path().join("new");
        fs::write(&new, text).expect("a file");
        fs::rename(new, &path).expect("a file");
    };
    write("ttl = 100");
    let log = Capture::default();
    tracing::subscriber::set_global_default(log.clone()).expect("the first");
    let builder = Cache::builder().from_file(&path);
    let builder = builder.reload_every(Duration::from_millis(5));
    let cache = builder.build().await.expect("a right file");
    let logged = |text: &str| {
        let lines = log.lines();
        lines.iter().filter(|line| line.text.contains(text)).count()
    };
    let ttl = || {
        let functions = cache.config().functions;
        let found = functions
            .into_iter()
            .find(|entry| entry.section == "config_kept::one");
        found.expect("it is in the file").value
    };

    write("tll = 5");
    wait_until(|| logged("did you mean `ttl`?") == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(logged("cannot be used"), 1, "once");
    assert_eq!(ttl(), "1m40s");
    let said = cache.reload().expect_err("a mistake").to_string();
    assert!(
        said.contains(":2: ") && said.contains("unknown key `tll`"),
        "{said}"
    );

    write("ttl = 50");
    wait_until(|| ttl() == "50s").await;
    wait_until(|| logged("was read again") == 1).await;
    scope(cache.clone(), async {
        kept().await;
        let left = kept::entry().ttl().await.expect("stored");
        assert!(left <= Duration::from_secs(50), "{left:?}");
    })
    .await;
}

async fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came");
}
