//! Claims of keys with several writes.

use std::time::Duration;

use cachekit::{QueuedWrite, testing, write_behind};
use tokio::time::sleep;

use crate::world::{Failed, Table, memory, start};

#[write_behind(key = "slow:{id}", each, skip(table), every = "20ms")]
async fn slow(table: &Table, id: u64, text: String, write: QueuedWrite) -> Result<(), Failed> {
    sleep(Duration::from_millis(50)).await;
    table.write(id, &text, write)
}

#[write_behind(key = "many:{id}", each(id in ids), batch = 50, every = "20ms", skip(table))]
async fn many(table: &Table, ids: Vec<u64>, writes: Vec<QueuedWrite>) -> Result<(), Failed> {
    for (id, write) in ids.into_iter().zip(writes) {
        table.write(id, "text", write)?;
    }
    Ok(())
}

/// The writes take longer than `every`, after which a key that nobody works on is due again.
#[tokio::test(start_paused = true)]
async fn one_worker_carries_out_all_writes_of_a_key_that_it_claimed() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        let texts: Vec<_> = (0..10).map(|number| format!("n{number}")).collect();
        for text in &texts {
            slow(&table, 1, text.clone()).await.unwrap();
        }
        for _ in 0..2 {
            start(&cache, &table).await;
        }
        cache.flush().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let written: Vec<_> = table.log().into_iter().map(|(_, text)| text).collect();
        assert_eq!(written, texts);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn only_the_failed_write_of_a_key_has_a_run_of_its_own() {
    let (cache, table) = (memory().await, Table::default());
    testing::scope(cache.clone(), async {
        many(&table, vec![1; 50]).await.unwrap();
        table.set_down(true);
        start(&cache, &table).await;
        sleep(Duration::from_millis(200)).await;
        table.set_down(false);
        cache.flush().await.unwrap();
        assert_eq!(table.log().len(), 50);
        let queues = cache.stats().queues;
        let of_many = queues.iter().find(|it| it.function.ends_with("many"));
        let of_many = of_many.expect("a queue");
        assert_eq!(of_many.runs - of_many.failures, 2, "{of_many:?}");
    })
    .await;
}
