//! Writes whose caller is dropped.

use std::pin::pin;

use cachekit::Policy;
use cachekit_tests::poll_once;

use crate::world::{ENTRY, two};

#[tokio::test(start_paused = true)]
async fn a_put_that_is_dropped_leaves_the_entry_empty() {
    // Dropped after each number of polls, until it ends by itself.
    for polls in 1..20 {
        let (store, one, other) = two().await;
        one.put("row", 1_u64, &Policy::new()).await;
        let policy = Policy::new();
        let is_done = {
            let mut put = pin!(one.put("row", 2_u64, &policy));
            (0..polls).any(|_| poll_once(put.as_mut()).is_ready())
        };
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let expected = is_done.then_some(2);
        assert_eq!(one.get::<u64>("row").await, expected, "{polls}");
        assert_eq!(other.get::<u64>("row").await, expected, "{polls}");
        if is_done {
            assert!(store.has(ENTRY));
            return;
        }
    }
    panic!("a put takes fewer polls");
}
