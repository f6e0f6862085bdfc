//! Writes each of which counts.

use std::time::Duration;

use cachekit::{QueuedWrite, testing, write_behind};
use cachekit_tests::redis::Redis;
use serde::{Deserialize, Serialize};

use crate::world::{Failed, Table, memory, over, start};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct View {
    page: u64,
    text: String,
}

fn view(page: u64, text: &str) -> View {
    let text = text.to_owned();
    View { page, text }
}

#[write_behind(key = "views:{view.page}", each(view in views), batch = 50, every = "100ms", retries = 2, skip(table))]
async fn add_views(
    table: &Table,
    views: Vec<View>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    for (view, write) in views.iter().zip(writes) {
        table.write(view.page, &view.text, write)?;
    }
    Ok(())
}

#[write_behind(key = "note:{page}", each, every = "100ms", retries = 2, skip(table))]
async fn add_note(table: &Table, page: u64, text: &str, write: QueuedWrite) -> Result<(), Failed> {
    table.write(page, text, write)
}

fn of_page(table: &Table, page: u64) -> Vec<String> {
    let log = table.log().into_iter();
    log.filter(|(id, _)| *id == page)
        .map(|(_, text)| text)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_write_is_carried_out_in_order() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        let expected: Vec<_> = (0..200).map(|number| format!("n{number}")).collect();
        for text in &expected {
            let pages = [view(1, text), view(2, text)];
            add_views(&table, pages.into()).await.unwrap();
            add_note(&table, 3, text).await.unwrap();
        }
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        for page in 1..=3 {
            assert_eq!(of_page(&table, page), expected, "{page}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_poison_item_holds_up_neither_its_batch_nor_its_key() {
    let (cache, table) = (memory().await, Table::default());
    table.poison("bad");
    testing::scope(cache.clone(), async {
        let views = vec![view(1, "a"), view(2, "bad"), view(2, "b"), view(3, "c")];
        add_views(&table, views).await.unwrap();
        start(&cache, &table).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let values = [(1, "a".to_owned()), (3, "c".to_owned())];
        assert_eq!(table.values(), values, "the others are written");
        // Others succeed meanwhile.
        for _ in 0..200 {
            add_views(&table, vec![view(3, "c")]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(of_page(&table, 2), ["b"]);
        let queues = cache.stats().queues;
        let queue = queues.iter().find(|it| it.function.ends_with("add_views"));
        assert_eq!(queue.unwrap().put_aside, 1);
    })
    .await;
}

/// The table is down for longer than a call may take, and every write arrives.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_while_the_table_is_down() {
    let (cache, table) = (memory().await, Table::default());
    table.set_down(true);
    testing::scope(cache.clone(), async {
        start(&cache, &table).await;
        for number in 0..100 {
            add_views(&table, vec![view(number % 7, &number.to_string())])
                .await
                .unwrap();
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
        table.set_down(false);
        cache.flush().await.unwrap();
        assert_eq!(table.log().len(), 100);
        for page in 0..7 {
            let numbers = of_page(&table, page);
            let numbers: Vec<u64> = numbers.iter().map(|it| it.parse().unwrap()).collect();
            assert!(numbers.is_sorted(), "{numbers:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_write_in_redis_is_carried_out_in_order() {
    let redis = Redis::start();
    let (cache, table) = (over(&redis).await, Table::default());
    testing::scope(cache.clone(), async {
        let expected: Vec<_> = (0..100).map(|number| format!("n{number}")).collect();
        for text in &expected {
            add_views(&table, vec![view(1, text), view(2, text)])
                .await
                .unwrap();
        }
        start(&cache, &table).await;
        cache.flush().await.unwrap();
        for page in 1..=2 {
            assert_eq!(of_page(&table, page), expected, "{page}");
        }
    })
    .await;
}
