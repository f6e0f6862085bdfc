//! Methods in an `impl` of a trait with `#[async_trait]`.

use async_trait::async_trait;
use cachekit::{cached, invalidates};

use crate::{Log, fresh};

struct Users {
    tenant: &'static str,
    log: Log,
}

fn users(tenant: &'static str) -> Users {
    Users {
        tenant,
        log: Log::default(),
    }
}

#[async_trait]
trait Boxed: Send + Sync {
    async fn get(&self, id: u64, name: &str) -> Result<String, std::num::ParseIntError>;
    async fn taken(&self, list: Vec<u64>, mut_me: u64) -> u64;
    async fn unit(&self);
    async fn set(&self, id: u64, name: &str) -> Result<String, String>;
    async fn own(self: Box<Self>, id: u64) -> u64;
    async fn provided(&self, id: u64) -> u64 {
        self.taken(vec![id], 0).await
    }
}

#[async_trait]
impl Boxed for Users {
    #[cached(key = "boxed:{self.tenant}:{id}:{name}", tags = ["boxed:{ret}"])]
    async fn get(&self, id: u64, name: &str) -> Result<String, std::num::ParseIntError> {
        self.log.add(format!("get {id} {name}"));
        tokio::task::yield_now().await;
        let number: u64 = name.parse()?;
        if number == 7 {
            return Ok("seven".to_owned());
        }
        Ok(format!("{} {}", self.tenant, id + number))
    }

    #[cached(skip(self))]
    async fn taken(&self, list: Vec<u64>, mut mut_me: u64) -> u64 {
        mut_me += 1;
        self.log.add("taken");
        list.into_iter().sum::<u64>() + mut_me
    }

    #[cached(key = "boxed:unit", skip(self))]
    async fn unit(&self) {
        self.log.add("unit");
    }

    #[invalidates(key = "boxed:{self.tenant}:{id}:{name}", tags = ["boxed:{ret}"])]
    async fn set(&self, id: u64, name: &str) -> Result<String, String> {
        self.log.add(format!("set {id} {name}"));
        tokio::task::yield_now().await;
        if id == 0 {
            return Err(name.to_owned());
        }
        Ok("seven".to_owned())
    }

    #[cached(key = "boxed:own:{self.tenant}:{id}")]
    async fn own(self: Box<Self>, id: u64) -> u64 {
        self.log.add("own");
        id
    }
}

#[tokio::test]
async fn boxed_methods() {
    fresh(async {
        let one = users("one");
        let boxed: &dyn Boxed = &one;
        for _ in 0..2 {
            assert_eq!(boxed.get(1, "2").await.as_deref(), Ok("one 3"));
            assert_eq!(boxed.get(1, "7").await.as_deref(), Ok("seven"));
            assert_eq!(boxed.taken(vec![1, 2], 3).await, 7);
            boxed.unit().await;
            assert_eq!(boxed.provided(5).await, 6);
        }
        boxed.get(1, "x").await.expect_err("no number");
        assert_eq!(
            one.log.take(),
            ["get 1 2", "get 1 7", "taken", "unit", "taken", "get 1 x"]
        );
        boxed.set(1, "2").await.expect("right");
        boxed.get(1, "2").await.expect("right");
        boxed.get(1, "7").await.expect("right");
        assert_eq!(one.log.take(), ["set 1 2", "get 1 2", "get 1 7"]);
        boxed.set(0, "2").await.expect_err("zero");
        boxed.get(1, "2").await.expect("right");
        assert_eq!(one.log.take(), ["set 0 2"]);
        let name = "<macros::boxed_traits::Users as macros::boxed_traits::Boxed>::get";
        assert!(cachekit::global().invalidate_function(name).await);
        boxed.get(1, "2").await.expect("right");
        assert_eq!(one.log.take(), ["get 1 2"]);
    })
    .await;
}

#[tokio::test]
async fn a_boxed_self() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            let users: Box<dyn Boxed> = Box::new(Users {
                tenant: "one",
                log: log.clone(),
            });
            assert_eq!(users.own(1).await, 1);
        }
        assert_eq!(log.take(), ["own"]);
    })
    .await;
}
