//! `#[invalidates]` and `#[write_through]` on every form of function.

use std::sync::Arc;

use async_trait::async_trait;
use cachekit::{cached, invalidates, write_through};

use crate::{Log, fresh};

#[cached(key = "writers:{id}", skip(log))]
async fn target(log: &Log, id: u64) -> Result<u64, String> {
    log.add("computed");
    Ok(id)
}

async fn there() -> Option<u64> {
    target::entry(1).get().await
}

type Answer = Result<u64, String>;

#[invalidates(target(_, id))]
fn at_once(id: u64) -> Answer {
    if id == 9 { Err("nine")? } else { Ok(id) }
}

#[invalidates(target(_, *id))]
async fn by_reference(id: &u64) -> Answer {
    Ok(*id)
}

#[invalidates(target(_, id.try_into().map_err(|_| "too large")?))]
async fn by_expression(id: u128) -> Answer {
    Ok(id.try_into().unwrap_or_default())
}

#[invalidates(target(_, ids[0]), keys = [format!("writers:{}", ids.len())])]
async fn moved(ids: Vec<u64>) -> Answer {
    ids.into_iter().next().ok_or_else(|| "none".to_owned())
}

#[invalidates(target(_, id.into()))]
async fn generic<T: Into<u64> + Copy>(id: T) -> Answer {
    Ok(id.into())
}

#[invalidates(target(_, 1), if = !name.as_ref().is_empty())]
async fn by_name(name: impl AsRef<str>) -> Answer {
    name.as_ref()
        .len()
        .try_into()
        .map_err(|_| "long".to_owned())
}

#[invalidates(target(_, id))]
fn future(id: u64) -> impl Future<Output = Answer> + Send {
    async move { Ok(id) }
}

#[write_through(target(_, id), value = *ret + 10)]
fn through_at_once(id: u64) -> Answer {
    Ok(id)
}

#[write_through(target(_, id), value = *ret + 10)]
fn through_future(id: u64) -> impl Future<Output = Option<u64>> + Send {
    async move { (id > 0).then_some(id) }
}

#[write_through(target(_, id))]
#[invalidates(key = "elsewhere:{id}")]
async fn both(id: u64) -> Answer {
    Ok(id + 10)
}

#[derive(Clone)]
struct Users;

impl Users {
    #[invalidates(target(_, id))]
    async fn shared(&self, id: u64) -> Answer {
        Ok(id)
    }
    #[invalidates(target(_, id))]
    async fn mutable(&mut self, id: u64) -> Answer {
        *self = Self;
        Ok(id)
    }
    #[invalidates(target(_, id))]
    async fn owned(self, id: u64) -> Answer {
        let Self = self;
        Ok(id)
    }
    #[invalidates(target(_, id))]
    async fn of_arc(self: Arc<Self>, id: u64) -> Answer {
        Ok(id)
    }
    #[invalidates(target(_, id))]
    async fn no_self(id: u64) -> Answer {
        Ok(id)
    }
    #[invalidates(target(_, id))]
    fn at_once(&mut self, id: u64) -> Answer {
        *self = Self;
        Ok(id)
    }
    #[write_through(target(_, id), value = *ret + 10)]
    async fn through(&mut self, id: u64) -> Answer {
        Ok(id)
    }
}

trait Write {
    async fn write(&mut self, id: u64) -> Answer;
    async fn through(&mut self, id: u64) -> Answer;
    fn future(&self, id: u64) -> impl Future<Output = Answer> + Send;
}

impl Write for Users {
    #[invalidates(target(_, id))]
    async fn write(&mut self, id: u64) -> Answer {
        Ok(id)
    }
    #[write_through(target(_, id), value = *ret + 10)]
    async fn through(&mut self, id: u64) -> Answer {
        Ok(id)
    }
    #[invalidates(target(_, id))]
    fn future(&self, id: u64) -> impl Future<Output = Answer> + Send {
        async move { Ok(id) }
    }
}

#[async_trait]
trait WriteBoxed {
    async fn write_boxed(&mut self, id: &str) -> Answer;
    async fn through_boxed(&self, ids: Vec<u64>) -> Answer;
}

#[async_trait]
impl WriteBoxed for Users {
    #[invalidates(target(_, id.parse::<u64>().unwrap_or_default()))]
    async fn write_boxed(&mut self, id: &str) -> Answer {
        let id: u64 = id.parse().map_err(|_| "no number")?;
        Ok(id)
    }
    #[write_through(target(_, ids[0]), value = *ret + 10)]
    async fn through_boxed(&self, ids: Vec<u64>) -> Answer {
        ids.into_iter().next().ok_or_else(|| "none".to_owned())
    }
}

/// Fills the entry, runs the call, and gives what is there then.
macro_rules! after {
    ($call:expr) => {{
        target(&Log::default(), 1).await.expect("right");
        assert_eq!(there().await, Some(1));
        let _ = $call;
        let left = there().await;
        target::entry(1).invalidate().await;
        left
    }};
}

#[tokio::test]
async fn free_functions() {
    fresh(async {
        assert_eq!(after!(at_once(1)), None);
        assert_eq!(after!(at_once(9)), Some(1));
        assert_eq!(after!(by_reference(&1).await), None);
        assert_eq!(after!(by_expression(1).await), None);
        assert_eq!(after!(moved(vec![1]).await), None);
        assert_eq!(after!(generic(1_u8).await), None);
        assert_eq!(after!(by_name("x").await), None);
        assert_eq!(after!(by_name("").await), Some(1));
        assert_eq!(after!(future(1).await), None);
        assert_eq!(after!(through_at_once(1)), Some(11));
        assert_eq!(after!(through_future(1).await), Some(11));
        assert_eq!(after!(both(1).await), Some(11));
    })
    .await;
}

#[tokio::test]
async fn an_expression_that_fails_ends_the_call_before_the_body() {
    fresh(async {
        assert_eq!(after!(by_expression(u128::MAX).await), Some(1));
        assert_eq!(by_expression(u128::MAX).await, Err("too large".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn methods() {
    fresh(async {
        let mut users = Users;
        assert_eq!(after!(users.shared(1).await), None);
        assert_eq!(after!(users.mutable(1).await), None);
        assert_eq!(after!(users.clone().owned(1).await), None);
        assert_eq!(after!(Arc::new(Users).of_arc(1).await), None);
        assert_eq!(after!(Users::no_self(1).await), None);
        assert_eq!(after!(users.at_once(1)), None);
        assert_eq!(after!(Users::through(&mut users, 1).await), Some(11));
    })
    .await;
}

#[tokio::test]
async fn methods_of_traits() {
    fresh(async {
        let mut users = Users;
        assert_eq!(after!(users.write(1).await), None);
        assert_eq!(after!(Write::through(&mut users, 1).await), Some(11));
        assert_eq!(after!(Write::future(&users, 1).await), None);
        assert_eq!(after!(users.write_boxed("1").await), None);
        assert_eq!(after!(users.through_boxed(vec![1]).await), Some(11));
    })
    .await;
}
