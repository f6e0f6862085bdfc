//! Private methods, which have a companion if `companion` names it.

use cachekit::{cached, invalidates};

use crate::{Log, fresh};

struct Users {
    tenant: &'static str,
    log: Log,
}

impl Users {
    #[cached(key = "private:{self.tenant}:{id}", companion = private)]
    async fn private(&self, id: u64) -> usize {
        self.log.add("private");
        Self::length(self.tenant, id)
    }

    #[cached(key = "private:other:{id}", skip(self), companion = another, tier = memory)]
    fn other(&self, id: u64) -> u64 {
        self.log.add("other");
        id
    }

    #[invalidates(self.private(id), Self::other(..))]
    async fn change(&self, id: u64) {
        let _ = id;
    }

    fn length(text: &str, id: u64) -> usize {
        text.len() + usize::try_from(id).unwrap_or_default()
    }
}

#[tokio::test]
async fn controls_of_private_methods() {
    fresh(async {
        let users = Users {
            tenant: "one",
            log: Log::default(),
        };
        for _ in 0..2 {
            assert_eq!((users.private(1).await, users.other(1)), (4, 1));
        }
        assert_eq!(users.log.take(), ["private", "other"]);
        assert_eq!(users.private_entry(1).get().await, Some(4));
        assert_eq!(users.another_entry(1).get().await, Some(1));
        assert_eq!(users.another_cache().stats().memory_hits, 1);
        users.change(1).await;
        assert_eq!(users.private_entry(1).get().await, None);
        assert_eq!(users.another_entry(1).get().await, None);
    })
    .await;
}
