//! Inherent methods: every receiver, and its part of the key.

use std::sync::Arc;

use cachekit::{Shared, cached, invalidates};

use crate::{Log, fresh};

#[derive(Clone)]
struct Users {
    tenant: String,
    log: Log,
}

impl Users {
    fn of(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            log: Log::default(),
        }
    }

    #[cached(key = "methods:get:{self.tenant}:{id}")]
    pub(crate) async fn get(&self, id: u64) -> Result<String, std::fmt::Error> {
        self.log.add(format!("get {id}"));
        Ok(format!("{} {id}", self.tenant))
    }

    #[cached(key = "methods:by-value:{self.tenant}:{id}")]
    pub(crate) async fn by_value(self, id: u64) -> String {
        self.log.add("by value");
        let Self { tenant, log: _ } = self;
        format!("{tenant} {id}")
    }

    #[cached(key = "methods:mut-value:{self.tenant}:{id}")]
    pub(crate) async fn mut_value(mut self, id: u64) -> String {
        self.tenant.push('!');
        format!("{} {id}", self.tenant)
    }

    #[cached(key = "methods:shared:{self.tenant}:{id}", tags = ["tenant:{self.tenant}"])]
    pub(crate) async fn of_arc(self: Arc<Self>, id: u64) -> String {
        self.log.add("of arc");
        let kept = Arc::clone(&self);
        format!("{} {id}", kept.tenant)
    }

    #[cached(key = "methods:boxed:{self.tenant}", companion = false)]
    pub(crate) async fn of_box(self: Box<Self>) -> String {
        self.tenant
    }

    #[cached(key = "methods:reference:{self.tenant}", companion = false)]
    pub(crate) async fn of_arc_reference(self: &Arc<Self>) -> usize {
        Arc::strong_count(self)
    }

    #[cached(key = "methods:mutable:{self.tenant}:{id}")]
    pub(crate) async fn mutable(&mut self, id: u64) -> usize {
        self.log.add("mutable");
        self.tenant.push_str("..");
        self.tenant.len() + usize::try_from(id).unwrap_or_default()
    }

    #[cached(skip(self))]
    pub(crate) async fn skipped(&self, id: u64) -> String {
        format!("{} {id}", self.tenant)
    }

    #[cached(skip(self), companion = false)]
    pub(crate) async fn no_companion(&self, id: u64) -> u64 {
        self.log.add("no companion");
        id
    }

    #[cached(key = "methods:static:{id}", companion = false)]
    pub(crate) async fn of_the_type(id: u64) -> u64 {
        id
    }

    #[cached(key = "methods:me:{id}", companion = false, tier = memory)]
    pub(crate) async fn with_self(id: u64, like: &Self) -> Option<Self> {
        (id > 0).then(|| like.clone())
    }

    #[invalidates(self.get(id), Self::skipped(self, id))]
    async fn change(&self, id: u64) {
        self.log.add(format!("change {id}"));
    }
}

#[tokio::test]
async fn shared_receivers() {
    fresh(async {
        let (one, two) = (Users::of("one"), Users::of("two"));
        for _ in 0..2 {
            assert_eq!(one.get(1).await.as_deref(), Ok("one 1"));
            assert_eq!(two.get(1).await.as_deref(), Ok("two 1"));
            assert_eq!(one.skipped(1).await, "one 1");
            assert_eq!(two.skipped(1).await, "one 1", "as `skip` says");
            assert_eq!(one.no_companion(1).await, 1);
            assert_eq!(Users::of_the_type(1).await, 1);
            assert!(Users::with_self(0, &one).await.is_none());
            assert_eq!(Users::with_self(1, &one).await.expect("one").tenant, "one");
        }
        assert_eq!(one.log.take(), ["get 1", "no companion"]);
        assert_eq!(two.log.take(), ["get 1"]);
        assert_eq!(one.get_entry(1).key(), "methods:get:one:1");
        assert_eq!(one.get_cache().stats().memory_hits, 2);
    })
    .await;
}

#[tokio::test]
async fn invalidated_through_self() {
    fresh(async {
        let users = Users::of("one");
        users.get(1).await.expect("right");
        users.get(2).await.expect("right");
        users.skipped(1).await;
        users.log.take();
        users.change(1).await;
        assert!(users.get_entry(1).get().await.is_none());
        assert!(users.get_entry(2).get().await.is_some());
        assert!(users.skipped_entry(1).get().await.is_none());
        assert_eq!(users.log.take(), ["change 1"]);
    })
    .await;
}

#[tokio::test]
async fn owned_receivers() {
    fresh(async {
        let users = Users::of("one");
        for _ in 0..2 {
            assert_eq!(users.clone().by_value(1).await, "one 1");
            assert_eq!(users.clone().mut_value(1).await, "one! 1");
            assert_eq!(Arc::new(users.clone()).of_arc(1).await, "one 1");
            assert_eq!(Box::new(users.clone()).of_box().await, "one");
            assert_eq!(Arc::new(users.clone()).of_arc_reference().await, 1);
        }
        assert_eq!(users.log.take(), ["by value", "of arc"]);
        assert_eq!(users.by_value_entry(1).key(), "methods:by-value:one:1");
        assert!(users.of_arc_entry(1).get().await.is_some());
        cachekit::global().invalidate_tags(["tenant:one"]).await;
        assert!(users.of_arc_entry(1).get().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_mutable_receiver() {
    fresh(async {
        let mut users = Users::of("one");
        assert_eq!(users.mutable(1).await, 6);
        assert_eq!(users.tenant, "one..");
        assert_eq!(Users::of("one").mutable(1).await, 6);
        assert_eq!(users.mutable(1).await, 8, "another key by now");
        assert_eq!(users.log.take(), ["mutable", "mutable"]);
    })
    .await;
}

struct Repository<'a, T, const N: usize> {
    items: &'a [T; N],
}

impl<T, const N: usize> Shared for Repository<'_, T, N> {}

impl<T, const N: usize> Repository<'_, T, N>
where
    T: Clone + Send + Sync + 'static,
{
    #[cached(key = "generic-methods:{at}", skip(U, more), tier = memory)]
    pub(crate) async fn item<U>(&self, at: u64, more: Option<&Arc<U>>) -> Option<T>
    where
        U: Into<usize> + Clone,
    {
        let more: usize = more.map_or(0, |more| (**more).clone().into());
        self.items.get(usize::try_from(at).ok()? + more).cloned()
    }
}

#[tokio::test]
async fn methods_of_generic_types() {
    fresh(async {
        let repository = Repository {
            items: &["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(repository.item::<u8>(1, None).await.as_deref(), Some("b"));
        assert_eq!(repository.item::<u8>(2, None).await, None);
        assert_eq!(repository.item_entry(1).get().await.as_deref(), Some("b"));
    })
    .await;
}
