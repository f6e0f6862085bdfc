//! `crate = path`: cachekit under another name.

use crate::{Log, fresh};

mod other_name {
    pub(super) use cachekit::*;
}

mod deep {
    pub(super) mod down {
        pub(crate) use cachekit::*;
    }
}

mod user {
    use super::other_name::{CacheKey, cached, invalidates, write_through};
    use crate::Log;

    /// Hides the crate, so that a path that forgets the option does not compile.
    #[expect(unused_imports, reason = "in the way")]
    use self::hiding as cachekit;
    mod hiding {}

    #[derive(CacheKey)]
    #[cachekit(crate = crate::renamed::other_name)]
    pub(super) struct Query {
        pub(super) page: u64,
        pub(super) size: u64,
    }

    #[cached(
        crate = crate::renamed::other_name,
        key = "renamed:{query}",
        tags = ["renamed", "value:{ret}", ..[*ret]],
        ttl = 60,
        skip(log)
    )]
    pub(super) async fn free(log: &Log, query: Query) -> Result<Option<u64>, String> {
        log.add("free");
        Ok(Some(query.page + query.size))
    }

    pub(super) struct Repository;

    impl Repository {
        #[cached(key = "renamed:{id}", skip(self), crate = super::deep::down)]
        pub(super) async fn method(&self, id: u64) -> u64 {
            id
        }

        #[cached(key = "renamed:sync:{id}", skip(self), tier = memory, crate = super::deep::down)]
        pub(super) fn at_once(&self, id: u64) -> u64 {
            id
        }

        #[invalidates(self.method(id), crate = super::deep::down)]
        pub(super) async fn write(&self, id: u64) -> u64 {
            id
        }
    }

    #[invalidates(free(_, Query { page, size: 1 }), tags = ["x:{ret}"], crate = super::other_name)]
    pub(super) async fn change(page: u64) -> u64 {
        page
    }

    #[write_through(free(_, Query { page, size: 1 }), crate = super::other_name)]
    pub(super) async fn store(page: u64) -> Option<u64> {
        Some(page)
    }
}

#[tokio::test]
async fn every_attribute_under_another_name() {
    fresh(async {
        let log = Log::default();
        let query = || user::Query { page: 1, size: 1 };
        assert_eq!(user::free(&log, query()).await, Ok(Some(2)));
        assert_eq!(user::free(&log, query()).await, Ok(Some(2)));
        assert_eq!(log.take(), ["free"]);
        let entry = || user::free::entry(query());
        assert_eq!(entry().key(), "renamed:(1,1)");
        user::change(1).await;
        assert_eq!(entry().get().await, None);
        user::store(1).await;
        assert_eq!(entry().get().await, Some(1));

        let repository = user::Repository;
        repository.method(1).await;
        assert_eq!(repository.method_entry(1).get().await, Some(1));
        assert_eq!(repository.at_once(1), 1);
        repository.write(1).await;
        assert_eq!(repository.method_entry(1).get().await, None);
    })
    .await;
}
