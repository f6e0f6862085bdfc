//! Visibility, `#[cfg]`, documentation and other attributes stay what they are.

use cachekit::{cached, invalidates};

use crate::fresh;

mod shop {
    pub(crate) mod users {
        use cachekit::cached;

        /// Everyone in this crate may call it.
        #[cached(key = "surroundings:wide:{id}")]
        pub(crate) async fn wide(id: u64) -> u64 {
            id
        }

        /// The module above may.
        #[cached(key = "surroundings:above:{id}")]
        pub(super) async fn above(id: u64) -> u64 {
            id
        }

        #[cached(key = "surroundings:within:{id}")]
        pub(in crate::item_attributes) async fn within(id: u64) -> u64 {
            id
        }

        #[cached(key = "surroundings:own:{id}")]
        async fn own(id: u64) -> u64 {
            id
        }

        pub(crate) async fn through_own(id: u64) -> (u64, Option<u64>) {
            (own(id).await, own::entry(id).get().await)
        }

        pub(crate) struct Repository;

        impl Repository {
            #[cached(key = "surroundings:method:{id}", skip(self))]
            pub(in super::super) async fn method(&self, id: u64) -> u64 {
                id
            }
        }
    }

    pub(crate) async fn through_above(id: u64) -> (u64, Option<u64>) {
        (users::above(id).await, users::above::entry(id).get().await)
    }
}

use shop::users::{self, wide};

#[tokio::test]
async fn the_companion_is_as_visible_as_the_function() {
    fresh(async {
        assert_eq!(wide(1).await, 1);
        assert_eq!(wide::entry(1).get().await, Some(1));
        assert_eq!(users::within(1).await, 1);
        assert_eq!(users::within::entry(1).get().await, Some(1));
        assert_eq!(shop::through_above(1).await, (1, Some(1)));
        assert_eq!(users::through_own(1).await, (1, Some(1)));
        let repository = users::Repository;
        assert_eq!(repository.method(1).await, 1);
        assert_eq!(repository.method_entry(1).get().await, Some(1));
    })
    .await;
}

#[cfg(test)]
#[cached(key = "surroundings:cfg:{id}")]
async fn configured(id: u64) -> u64 {
    id
}

#[cached(key = "surroundings:not-cfg:{id}")]
#[cfg(not(test))]
async fn configured(id: String) -> String {
    id
}

#[cfg_attr(test, cached(key = "surroundings:cfg-attr:{id}"))]
#[cfg_attr(not(test), cached(key = "never:{nothing}"))]
async fn by_cfg_attr(id: u64) -> u64 {
    id
}

#[cached(key = "surroundings:body:{id}")]
async fn configured_body(id: u64) -> u64 {
    #[cfg(test)]
    let id = id + 1;
    #[cfg(not(test))]
    let id = nothing_of_that_name(id);
    id
}

#[cfg(not(test))]
#[cached(key = "never:{nothing}")]
async fn never_seen(id: Missing) -> Missing {}

#[tokio::test]
async fn configured_functions() {
    fresh(async {
        assert_eq!(configured(1).await, 1);
        assert_eq!(configured::entry(1).key(), "surroundings:cfg:1");
        assert_eq!(by_cfg_attr(1).await, 1);
        assert_eq!(by_cfg_attr::entry(1).get().await, Some(1));
        assert_eq!(configured_body(1).await, 2);
    })
    .await;
}

/// What it does.
///
/// # Examples
///
/// None.
#[must_use = "a look-up"]
#[cached(key = "surroundings:look-up:{id}")]
#[inline]
#[expect(clippy::let_and_return, reason = "of the body")]
#[doc(alias = "find")]
async fn look_up(id: u64) -> u64 {
    let found = id;
    found
}

#[cached(key = "surroundings:old:{id}")]
#[deprecated(note = "the new one is better")]
async fn old(id: u64) -> u64 {
    id
}

#[invalidates(look_up(id))]
#[must_use]
#[deprecated]
async fn old_write(id: u64) -> Result<u64, String> {
    #![allow(unused_variables, reason = "an attribute of the body")]
    let unused = id;
    Ok(id)
}

#[tokio::test]
#[expect(deprecated, reason = "the calls below still warn")]
async fn attributes_of_the_function() {
    fresh(async {
        assert_eq!(old(1).await, 1);
        old_write(1).await.expect("right");
    })
    .await;
}

#[tokio::test]
#[expect(unused_must_use, reason = "dropping the value still warns")]
async fn values_that_must_be_used() {
    fresh(async {
        look_up(1).await;
        assert_eq!(look_up::entry(1).get().await, Some(1));
    })
    .await;
}

/// Futures are `Send` where the body is, and only there.
#[tokio::test(flavor = "current_thread")]
async fn futures_that_stay_on_their_thread() {
    #[cached(key = "surroundings:local:{id}")]
    async fn local(id: u64) -> u64 {
        let shared = std::rc::Rc::new(id);
        tokio::task::yield_now().await;
        *shared
    }
    #[invalidates(local(id))]
    async fn local_write(id: u64, counter: std::rc::Rc<std::cell::Cell<u64>>) {
        tokio::task::yield_now().await;
        counter.set(id);
    }
    fresh(async {
        assert_eq!(local(1).await, 1);
        let counter = std::rc::Rc::default();
        local_write(1, std::rc::Rc::clone(&counter)).await;
        assert_eq!(counter.get(), 1);
        assert_eq!(local::entry(1).get().await, None);
    })
    .await;
}
