//! Methods with raw identifiers for names, and references to them.

use cachekit::{cached, invalidates};

use crate::{Log, fresh};

struct Shop {
    r#type: u64,
}

impl Shop {
    #[cached(key = "shop:{self.r#type}:{r#as}", skip(log))]
    pub(crate) async fn r#move(&self, log: &Log, r#as: u64) -> u64 {
        log.add("move");
        self.r#type + r#as
    }

    #[invalidates(self.r#move(_, r#as))]
    async fn r#ref(&self, r#as: u64) -> u64 {
        r#as
    }

    #[invalidates(Self::r#move(..))]
    async fn r#dyn(&self) {}
}

#[tokio::test]
async fn raw_methods_and_fields() {
    fresh(async {
        let (log, shop) = (Log::default(), Shop { r#type: 5 });
        assert_eq!(shop.r#move(&log, 1).await, 6);
        assert_eq!(shop.r#move(&log, 1).await, 6);
        assert_eq!(shop.move_entry(1).key(), "shop:5:1");
        assert_eq!(shop.move_cache().name(), "macros::raw_methods::Shop::move");
        shop.r#ref(1).await;
        shop.r#move(&log, 1).await;
        shop.r#dyn().await;
        shop.r#move(&log, 1).await;
        assert_eq!(log.take(), ["move", "move", "move"]);
    })
    .await;
}
