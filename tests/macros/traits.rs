//! Methods in an `impl` of a trait, without `#[async_trait]`. Such an `impl` cannot have additional
//! items, so entries are invalidated by key, by tag or by the function's name.

use std::sync::Arc;

use cachekit::{Shared, cached, invalidates};

use crate::{Log, fresh};

trait Native {
    const KIND: &'static str;
    async fn get(&self, id: u64) -> Result<String, String>;
    async fn generic<T: Default + Clone + Send + Sync + 'static>(&self, id: u64) -> (u64, T);
    async fn of_arc(self: Arc<Self>, id: u64) -> u64;
    async fn no_self(id: u64) -> u64;
    async fn set(&self, id: u64) -> Result<(), String>;
}

struct Users {
    tenant: &'static str,
    log: Log,
}

impl Shared for Users {}

fn users(tenant: &'static str) -> Users {
    Users {
        tenant,
        log: Log::default(),
    }
}

impl Native for Users {
    const KIND: &'static str = "users";

    #[cached(key = "native:{self.tenant}:{id}", tags = ["native", "value:{ret}"], name = "Users::get")]
    async fn get(&self, id: u64) -> Result<String, String> {
        self.log.add(format!("get {id}"));
        if id == 0 {
            return Err(Self::KIND.to_owned());
        }
        Ok(format!("{}-{id}", self.tenant))
    }

    #[cached(key = "native-generic:{id}", tier = memory)]
    async fn generic<T: Default + Clone + Send + Sync + 'static>(&self, id: u64) -> (u64, T) {
        self.log.add("generic");
        (id, T::default())
    }

    #[cached]
    async fn of_arc(self: Arc<Self>, id: u64) -> u64 {
        self.log.add("of arc");
        id
    }

    #[cached(key = "native-static:{id}", companion = false)]
    async fn no_self(id: u64) -> u64 {
        id
    }

    #[invalidates(key = "native:{self.tenant}:{id}")]
    async fn set(&self, id: u64) -> Result<(), String> {
        self.log.add(format!("set {id}"));
        if id == 9 {
            return Err("nine".to_owned());
        }
        Ok(())
    }
}

#[tokio::test]
async fn native_methods() {
    fresh(async {
        let (one, two) = (users("one"), users("two"));
        for _ in 0..2 {
            assert_eq!(one.get(1).await.as_deref(), Ok("one-1"));
            assert_eq!(two.get(1).await.as_deref(), Ok("two-1"));
            assert_eq!(one.generic::<u8>(1).await, (1, 0));
            assert_eq!(one.generic::<bool>(1).await, (1, false));
            assert_eq!(Users::no_self(1).await, 1);
        }
        one.get(0).await.expect_err("zero");
        assert_eq!(one.log.take(), ["get 1", "generic", "generic", "get 0"]);
        one.set(1).await.expect("right");
        one.get(1).await.expect("right");
        two.get(1).await.expect("right");
        assert_eq!(one.log.take(), ["set 1", "get 1"]);
        assert_eq!(two.log.take(), ["get 1"]);
    })
    .await;
}

#[tokio::test]
async fn without_a_companion() {
    fresh(async {
        let (cache, users) = (cachekit::global(), Arc::new(users("one")));
        for round in 0..5 {
            users.get(1).await.expect("right");
            assert_eq!(users.log.take(), ["get 1"], "round {round}");
            match round {
                0 => cache.invalidate("native:one:1").await,
                1 => cache.invalidate_tags(["native"]).await,
                2 => cache.invalidate_tags(["value:one-1"]).await,
                _ => assert!(cache.invalidate_function("Users::get").await),
            }
        }
        Arc::clone(&users).of_arc(1).await;
        Arc::clone(&users).of_arc(1).await;
        assert_eq!(users.log.take(), ["of arc"]);
        let name = "<macros::traits::Users as macros::traits::Native>::of_arc";
        assert!(cache.invalidate_function(name).await, "its full path");
        Arc::clone(&users).of_arc(1).await;
        assert_eq!(users.log.take(), ["of arc"]);
        assert!(!cache.invalidate_function("nothing").await);
    })
    .await;
}
