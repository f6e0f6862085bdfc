//! `flush` over several queues.

use std::time::Duration;

use cachekit::{cached, testing, write_behind};

use crate::world::{Failed, Table, memory, start};

#[write_behind(key = "left:{id}", each, skip(table), every = "1h")]
async fn left(
    table: &Table,
    id: u64,
    text: String,
    write: cachekit::QueuedWrite,
) -> Result<(), Failed> {
    table.write(id, &text, write)
}

#[write_behind(key = "right:{id}", each, skip(table), every = "1h")]
async fn right(
    table: &Table,
    id: u64,
    text: String,
    write: cachekit::QueuedWrite,
) -> Result<(), Failed> {
    table.write(id, &text, write)
}

/// Both queues are the stuck one once, because a flush may look at them in either order.
#[tokio::test(start_paused = true)]
async fn a_queue_that_is_stuck_holds_up_no_other_queue() {
    for is_left_stuck in [true, false] {
        let (cache, table) = (memory().await, Table::default());
        table.poison("stuck");
        let texts = |is_stuck: bool| String::from(if is_stuck { "stuck" } else { "free" });
        testing::scope(cache.clone(), async {
            start(&cache, &table).await;
            left(&table, 1, texts(is_left_stuck)).await.unwrap();
            right(&table, 2, texts(!is_left_stuck)).await.unwrap();
            let flushed = tokio::time::timeout(Duration::from_secs(10), cache.flush());
            assert!(flushed.await.is_err(), "a write fails all the time");
            let written: Vec<_> = table.log().into_iter().map(|(_, text)| text).collect();
            assert_eq!(written, ["free"], "left is stuck: {is_left_stuck}");
        })
        .await;
    }
}

#[cached(key = "title:{id}", skip(table))]
async fn title(table: &Table, id: u64) -> Result<String, Failed> {
    Ok(table.read(id).unwrap_or_default())
}

#[write_behind(title(_, id), value = text, skip(table), every = "1h")]
async fn save_title(
    table: &Table,
    id: u64,
    text: String,
    write: cachekit::QueuedWrite,
) -> Result<(), Failed> {
    table.write(id, &text, write)
}

#[tokio::test(start_paused = true)]
async fn a_value_from_the_queue_is_a_miss_with_a_cause_of_its_own() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        save_title(&table, 1, "new".to_owned()).await.unwrap();
        assert_eq!(title(&table, 1).await.unwrap(), "new");
        assert_eq!(title(&table, 1).await.unwrap(), "new");
        let stats = cache.stats();
        let of_title = stats
            .functions
            .iter()
            .find(|it| it.name.ends_with("::title"));
        let calls = &of_title.unwrap().calls;
        assert_eq!(
            (calls.memory_hits, calls.misses, calls.computations),
            (1, 1, 0)
        );
        assert_eq!((calls.by_cause.queued, calls.by_cause.total()), (1, 1));
    })
    .await;
}
