//! References to cached functions, written as their calls are.

use cachekit::{Shared, cached, invalidates, write_through};

use crate::{Log, fresh};

mod users {
    use cachekit::cached;

    use crate::Log;

    #[cached(key = "references:user:{id}", skip(log))]
    pub(crate) async fn get_user(log: &Log, id: u64) -> u64 {
        log.add("get_user");
        id
    }

    #[cached(skip(log))]
    pub(crate) async fn find(log: &Log, name: &str, tags: Vec<String>, page: Option<u32>) -> u64 {
        log.add("find");
        name.len() as u64 + tags.len() as u64 + u64::from(page.unwrap_or_default())
    }

    pub(crate) mod writes {
        use cachekit::invalidates;

        #[invalidates(super::get_user(_, id), crate::references::users::find(..))]
        pub(crate) async fn rename(id: u64) {
            let _ = id;
        }
    }
}

use users::get_user as aliased;

#[invalidates(users::get_user(_, id))]
async fn by_path(id: u64) -> u64 {
    id
}

#[invalidates(self::users::get_user(_, id), if = id > 0)]
async fn by_self_path(id: u64) -> u64 {
    id
}

#[invalidates(aliased(_, id))]
async fn by_alias(id: u64) -> u64 {
    id
}

#[invalidates(aliased(_, ret.0))]
async fn by_value(id: u64) -> Result<(u64, String), String> {
    Ok((id, String::new()))
}

/// Owned and borrowed values fit, as they are, and are still the body's.
#[invalidates(users::find(_, name, tags, page), users::find(_, &name[..1], vec![], None::<u32>.or(page)))]
async fn by_values(name: String, tags: Vec<String>, page: Option<u32>) -> (String, Vec<String>) {
    let _ = page;
    (name, tags)
}

#[invalidates(users::find(_, &name.to_lowercase(), vec![], Some(1)))]
async fn by_other_values(name: &str) -> usize {
    name.len()
}

#[tokio::test]
async fn paths_to_functions() {
    fresh(async {
        let log = Log::default();
        for way in 0..5 {
            users::get_user(&log, 1).await;
            users::get_user(&log, 2).await;
            match way {
                0 => drop(by_path(1).await),
                1 => drop(by_self_path(1).await),
                2 => drop(by_alias(1).await),
                3 => drop(by_value(1).await),
                _ => users::writes::rename(1).await,
            }
            assert_eq!(users::get_user::entry(1).get().await, None, "way {way}");
            assert_eq!(users::get_user::entry(2).get().await, Some(2));
        }
        assert_eq!(log.take().len(), 6);
    })
    .await;
}

#[tokio::test]
async fn values_of_any_kind() {
    fresh(async {
        let log = Log::default();
        let tags = || vec!["t".to_owned()];
        let find = async |name: &str, tags: Vec<String>, page| {
            users::find(&log, name, tags, page).await;
        };
        find("ann", tags(), Some(2)).await;
        find("a", vec![], Some(2)).await;
        find("ann", vec![], Some(1)).await;
        find("ann", tags(), None).await;
        by_values("ann".to_owned(), tags(), Some(2)).await;
        by_other_values("ANN").await;
        log.take();
        find("ann", tags(), None).await;
        assert!(log.take().is_empty(), "another entry");
        find("ann", tags(), Some(2)).await;
        find("a", vec![], Some(2)).await;
        find("ann", vec![], Some(1)).await;
        assert_eq!(log.take().len(), 3);
    })
    .await;
}

struct Repository {
    tenant: String,
    inner: Inner,
}

struct Inner;

impl Shared for Inner {}

impl Inner {
    #[cached(key = "references:inner:{id}")]
    pub(crate) async fn load(&self, id: u64) -> u64 {
        id
    }

    #[cached(key = "references:inner-generic:{id}", tier = memory)]
    pub(crate) async fn generic<T: Default + Clone + Send + Sync + 'static>(&self, id: u64) -> T {
        let _ = id;
        T::default()
    }
}

impl Repository {
    #[cached(key = "references:get:{self.tenant}:{id}", skip(log))]
    pub(crate) async fn get(&self, log: &Log, id: u64) -> String {
        log.add("get");
        format!("{} {id}", self.tenant)
    }

    #[invalidates(self.get(_, id))]
    async fn by_self(&self, id: u64) {
        let _ = id;
    }

    #[invalidates(Self::get(self, _, id))]
    async fn by_type(&mut self, id: u64) {
        self.tenant
            .truncate(usize::try_from(id).unwrap_or_default());
    }

    #[invalidates(Repository::get(..))]
    async fn all(self) {}

    #[invalidates(self.inner.load(id), Inner::load(&self.inner, id + 1), self.inner.generic::<u8>(id))]
    async fn by_field(&self, id: u64) {
        let _ = id;
    }

    #[invalidates(self.get(_, *ret))]
    async fn by_value(&self, id: u64) -> Option<u64> {
        Some(id)
    }

    #[write_through(self.get(_, id))]
    async fn store(&self, id: u64) -> String {
        format!("{} stored {id}", self.tenant)
    }
}

#[invalidates(repository.get(_, id), Repository::get(repository, _, id + 1))]
async fn from_outside(repository: &Repository, id: u64) -> &'static str {
    let _ = (repository, id);
    "done"
}

#[tokio::test]
async fn methods() {
    fresh(async {
        let log = Log::default();
        let mut repository = Repository {
            tenant: "t".to_owned(),
            inner: Inner,
        };
        for way in 0..4 {
            repository.get(&log, 1).await;
            assert_eq!(log.take(), ["get"], "way {way}");
            match way {
                0 => repository.by_self(1).await,
                1 => drop(repository.by_value(1).await),
                2 => drop(from_outside(&repository, 1).await),
                _ => repository.by_type(1).await,
            }
        }
        let inner = &repository.inner;
        inner.load(1).await;
        inner.load(2).await;
        inner.generic::<u8>(1).await;
        inner.generic::<u16>(1).await;
        repository.by_field(1).await;
        assert_eq!(inner.load_entry(1).get().await, None);
        assert_eq!(inner.load_entry(2).get().await, None);
        assert_eq!(inner.generic_entry::<u8>(1).get().await, None);
        assert_eq!(inner.generic_entry::<u16>(1).get().await, Some(0));
        repository.store(1).await;
        assert_eq!(repository.get(&log, 1).await, "t stored 1");
        let entry = repository.get_entry(1);
        repository.all().await;
        assert_eq!(entry.get().await, None);
    })
    .await;
}
