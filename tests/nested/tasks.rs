//! Tasks that a body spawns: by themselves, they are not part of the computation.

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::Source;

use crate::levels::user;
use crate::world::{cache, quick};

/// Asks in a task of its own, and waits for it.
#[cached(name = "tasks_spawned", key = "tasks:spawned:{id}", skip(source))]
async fn spawned(source: &Source, id: u64) -> u64 {
    let source = source.clone();
    let ask = async move { user(&source, id).await };
    let task = tokio::spawn(scope(cachekit::global(), ask));
    task.await.expect("no panic")
}

/// Documents what stays: nobody can see that the task works for the computation.
#[tokio::test]
async fn what_a_plain_task_takes_is_not_followed() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(spawned(&source, 1).await, 0);
        source.write(1);
        user::entry(1).invalidate().await;
        assert_eq!(spawned(&source, 1).await, 0);
    })
    .await;
}
