//! Queued writes that cannot be read or are put aside: one line a minute of each kind, without the text of
//! an error, which may have data of users.

use std::time::Duration;

use cachekit::{Cache, QueueError, cached, testing, write_behind};
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;
use tracing::Level;

use crate::{count, said};

#[cached(key = "logged:{id}")]
async fn get_logged(id: u64) -> String {
    format!("{id} in the table")
}

#[write_behind(
    get_logged(id),
    value = text,
    retries = 0,
    every = "10ms",
    name = "logged"
)]
async fn save_logged(id: u64, text: String) -> Result<(), QueueError> {
    Err(QueueError::Refused(format!("row {id} has {text}")))
}

async fn node(redis: &Redis) -> Cache {
    let builder = cachekit_tests::builder().redis(redis.url());
    let built = builder.volatile_queues(true).build().await;
    built.expect("a valid set-up")
}

#[tokio::test]
async fn writes_that_fail_write_few_lines_without_the_texts_of_errors() {
    let redis = Redis::start();
    let cache = node(&redis).await;
    let log = Capture::default();
    let _log = tracing::subscriber::set_default(log.clone());
    testing::scope(cache.clone(), async {
        for id in 0..20 {
            let saved = save_logged(id, "a secret".to_owned()).await;
            saved.expect("Redis is there");
        }
        let values = "cachekit:wb:{logged}:values";
        for id in 0..5 {
            redis
                .client()
                .run(&["HSET", values, &format!("logged:{id}"), "1:W"]);
            assert!(get_logged(id).await.ends_with("in the table"));
        }
        let warned = said(&log, Level::WARN);
        let unreadable = "a queued write cannot be read";
        assert_eq!(count(&warned, unreadable), 1, "{warned:#?}");
        cache.workers().start().await.expect("workers");
        cache.flush().await.expect("Redis is there");
    })
    .await;
    until("all are put aside", || {
        cache.stats().queues[0].put_aside == 20
    })
    .await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let errors = said(&log, Level::ERROR);
    assert_eq!(
        count(&errors, "a queued write was put aside"),
        1,
        "{errors:#?}"
    );
    let has_secret = |line: &cachekit_tests::capture::Line| line.text.contains("a secret");
    let loud = log.lines().into_iter();
    let loud: Vec<_> = loud
        .filter(|line| line.level < Level::DEBUG && has_secret(line))
        .collect();
    assert_eq!(loud, []);
    let debug = said(&log, Level::DEBUG);
    assert!(count(&debug, "why=") >= 25, "{debug:#?}");
}
