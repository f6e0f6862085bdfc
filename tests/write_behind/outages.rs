//! Databases that are away for a while, and what the attempts of that time count.

use std::time::Duration;

use cachekit::{QueuedWrite, testing, write_behind};
use tokio::time::sleep;

use crate::world::{Failed, Table, memory, start_one};

#[write_behind(key = "row:{id}", skip(table), every = "100ms", retries = 2)]
async fn save(table: &Table, id: u64, text: &str, write: QueuedWrite) -> Result<(), Failed> {
    table.write(id, text, write)
}

const SAVE: &str = "write_behind::outages::save";

/// The last success is a moment ago, and says nothing about the time after it.
#[tokio::test(start_paused = true)]
async fn an_outage_right_after_a_success_puts_nothing_aside() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        start_one(&cache, &table, SAVE).await;
        save(&table, 0, "a").await.unwrap();
        sleep(Duration::from_millis(200)).await;
        assert_eq!(table.values().len(), 1);
        table.set_down(true);
        for id in 1..20 {
            save(&table, id, "a").await.unwrap();
        }
        sleep(Duration::from_secs(50)).await;
        assert!(cache.dead_writes(SAVE, 10).await.unwrap().is_empty());
        table.set_down(false);
        cache.flush().await.unwrap();
        assert_eq!(table.values().len(), 20);
    })
    .await;
}

/// After an outage a write fails once more, while others succeed, and has its retries left.
#[tokio::test(start_paused = true)]
async fn the_attempts_of_an_outage_lapse() {
    let (cache, table) = (memory().await, Table::default());
    table.set_down(true);
    testing::scope(cache.clone(), async {
        start_one(&cache, &table, SAVE).await;
        for id in 0..20 {
            save(&table, id, &format!("v{id}")).await.unwrap();
        }
        sleep(Duration::from_secs(20 * 60)).await;
        table.poison("v5");
        table.set_down(false);
        sleep(Duration::from_secs(61)).await;
        assert_eq!(table.values().len(), 19, "all but that one");
        assert!(cache.dead_writes(SAVE, 10).await.unwrap().is_empty());
        table.heal();
        cache.flush().await.unwrap();
        assert_eq!(table.values().len(), 20);
    })
    .await;
}
