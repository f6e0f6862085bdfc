use std::time::Duration;

use cachekit::testing::{FakeRedis, ManualClock, Recorder, scope};
use cachekit::{Cache, cached, invalidates};

#[cached(key = "testing-user:{id}", ttl = 60)]
pub async fn user_name(id: u64) -> Result<String, std::io::Error> {
    Ok(format!("user {id}")) // a query
}

#[invalidates(user_name(id))]
pub async fn rename_user(id: u64) -> Result<(), std::io::Error> {
    let _ = id; // the write
    Ok(())
}

#[tokio::test]
async fn a_name_is_read_once_in_its_ttl() -> Result<(), Box<dyn std::error::Error>> {
    let clock = ManualClock::new();
    let cache = Cache::builder().clock(clock.clone()).build().await?;
    let seen = Recorder::new(&cache);
    scope(cache, async {
        user_name(7).await?;
        user_name(7).await?;
        seen.assert_computed("user_name", 1);

        clock.advance(Duration::from_secs(60));
        user_name(7).await?;
        seen.assert_computed("user_name", 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_write_invalidates_the_entry() -> Result<(), Box<dyn std::error::Error>> {
    let cache = Cache::builder().build().await?;
    let seen = Recorder::new(&cache);
    scope(cache, rename_user(7)).await?;
    assert_eq!(seen.invalidated(), ["entry testing-user:7"]);
    Ok(())
}

#[tokio::test]
async fn names_are_served_without_redis() -> Result<(), Box<dyn std::error::Error>> {
    let redis = FakeRedis::new();
    let cache = Cache::builder().fake_redis(&redis).build().await?;
    redis.fail();
    assert_eq!(scope(cache, user_name(7)).await?, "user 7");
    Ok(())
}
