//! Associated functions without `self`, recognised by the word `Self` or by an option.

use cachekit::{cached, invalidates, write_through};

use crate::{Log, fresh};

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Post {
    id: u64,
    by: u64,
}

struct Query;

impl Query {
    /// As a query module has them: nothing tells it from a free function.
    #[cached(key = "associated:said:{id}", companion = Self)]
    pub async fn said(log: &Log, id: u64) -> Post {
        log.add("said");
        Post { id, by: 1 }
    }

    #[cached(key = "associated:body:{id}", tags = ["associated:by:{ret.by}"], skip(log))]
    pub async fn by_its_body(id: u64, log: &Log) -> Result<Post, String> {
        log.add("body");
        Self::checked(id)
    }

    fn checked(id: u64) -> Result<Post, String> {
        (id > 0)
            .then_some(Post { id, by: 1 })
            .ok_or_else(|| "zero".to_owned())
    }

    #[cached(key = "associated:sync:{id}", tier = memory, companion = other)]
    fn by_its_signature(log: &Log, _: &Self, id: u64) -> u64 {
        log.add("sync");
        id
    }

    #[cached(key = "associated:private:{id}")]
    async fn without_visibility(log: &Log, id: u64) -> Post {
        let _ = Self;
        log.add("private");
        Post { id, by: 2 }
    }

    #[invalidates(Self::said(_, id), Query::by_its_body(id, _), Self::by_its_signature(..))]
    pub async fn write(id: u64) {
        let _ = id;
    }

    #[write_through(Self::said(_, id))]
    pub async fn store(id: u64) -> Post {
        Post { id, by: 3 }
    }
}

/// A type around it with a parameter.
struct Table<T>(T);

impl<T: Default + Into<u64>> Table<T> {
    #[cached(key = "associated:count", companion = Self)]
    pub async fn count(log: &Log) -> u64 {
        log.add("count");
        T::default().into()
    }
}

#[tokio::test]
async fn types_around_them_are_in_the_key() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(Table::<u8>::count(&log).await, 0);
            assert_eq!(Table::<u16>::count(&log).await, 0);
        }
        assert_eq!(log.take(), ["count", "count"]);
        assert_eq!(Table(1_u8).0, 1);
        Table::<u8>::count_entry().invalidate().await;
        assert_eq!(Table::<u8>::count_entry().get().await, None);
        assert_eq!(Table::<u16>::count_entry().get().await, Some(0));
    })
    .await;
}

#[tokio::test]
async fn controls_stand_beside_them() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(Query::said(&log, 1).await, Post { id: 1, by: 1 });
            Query::by_its_body(1, &log).await.expect("not zero");
            assert_eq!(Query::by_its_signature(&log, &Query, 1), 1);
            Query::without_visibility(&log, 1).await;
        }
        assert_eq!(log.take(), ["said", "body", "sync", "private"]);
        assert_eq!(
            Query::said_entry(1).get().await,
            Some(Post { id: 1, by: 1 })
        );
        assert!(Query::by_its_body_entry(1).get().await.is_some());
        assert_eq!(Query::other_entry(1).get().await, Some(1));
        assert_eq!(Query::said_cache().stats().computations, 1);
        Query::write(1).await;
        assert_eq!(Query::said_entry(1).get().await, None);
        assert_eq!(Query::by_its_body_entry(1).get().await, None);
        assert_eq!(Query::other_entry(1).get().await, None);
        Query::store(1).await;
        assert_eq!(Query::said(&log, 1).await.by, 3);
        assert_eq!(log.take(), [""; 0]);
    })
    .await;
}

#[cached(key = "associated:free:{id}")]
pub async fn free(id: u64) -> u64 {
    struct Node(Option<Box<Self>>);
    impl Node {
        fn depth(&self) -> u64 {
            self.0.as_ref().map_or(0, |inner| 1 + Self::depth(inner))
        }
    }
    Node(Some(Box::new(Node(None)))).depth() + id
}

#[tokio::test]
async fn an_item_inside_does_not_make_a_function_associated() {
    fresh(async {
        assert_eq!(free(1).await, 2);
        assert_eq!(free::entry(1).get().await, Some(2));
    })
    .await;
}
