//! An answer that was made in place of an inner error lives no longer than a moment (E1).

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::Source;

use crate::world::{SECOND, on_clock, quick};

/// What the source holds while it is away.
const AWAY: u64 = u64::MAX;

#[cached(
    name = "errors_user",
    key = "errors:user:{id}",
    ttl = 300,
    skip(source)
)]
async fn user(source: &Source, id: u64) -> Result<u64, String> {
    match source.read().await {
        AWAY => Err("away".to_owned()),
        user => Ok(user),
    }
}

/// Falls back to nobody.
#[cached(
    name = "errors_greeting",
    key = "errors:greeting:{id}",
    ttl = 300,
    skip(source)
)]
async fn greeting(source: &Source, id: u64) -> Result<String, String> {
    Ok(match user(source, id).await {
        Ok(user) => format!("user {user}"),
        Err(_) => "somebody".to_owned(),
    })
}

/// The same a level higher.
#[cached(
    name = "errors_page",
    key = "errors:page:{id}",
    ttl = 300,
    skip(source)
)]
async fn page(source: &Source, id: u64) -> Result<String, String> {
    greeting(source, id).await
}

#[tokio::test]
async fn e1_a_fallback_lives_a_second() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache, async {
        source.write(AWAY);
        assert_eq!(page(&source, 1).await.as_deref(), Ok("somebody"));
        let runs = source.runs();
        page(&source, 1).await.expect("a fallback");
        assert_eq!(source.runs(), runs, "it does not stampede");
        source.write(7);
        clock.advance(SECOND);
        assert_eq!(page(&source, 1).await.as_deref(), Ok("user 7"));
        assert_eq!(greeting(&source, 1).await.as_deref(), Ok("user 7"));
    })
    .await;
}

/// The entry of what succeeds lives as long as ever.
#[tokio::test]
async fn e1_after_a_success_the_life_is_the_usual_one() {
    let source = quick();
    let (_, cache) = on_clock(None).await;
    scope(cache, async {
        page(&source, 1).await.expect("it answers");
        assert_eq!(page::entry(1).ttl().await, Some(300 * SECOND));
    })
    .await;
}
