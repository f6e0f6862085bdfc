//! User macros with the names of standard macros.

use crate::fresh;

mod shadowed {
    use cachekit::{CacheKey, cached, invalidates, write_through};

    macro_rules! shadow {
        ($($name:ident)*) => {$(
            #[expect(unused_macros, reason = "the name is the point")]
            macro_rules! $name { () => { compile_error!("not this one") }; }
        )*};
    }
    shadow! { assert concat file format line matches module_path panic stringify unreachable vec }

    #[derive(CacheKey)]
    pub(super) struct Id {
        pub(super) left: u64,
        pub(super) right: u64,
    }

    #[cached(tags = ["of:{ret}"], ttl = 5)]
    pub(super) async fn free(id: Id) -> u64 {
        id.left + id.right
    }

    #[cached(tier = memory)]
    pub(super) fn at_once(id: u64) -> u64 {
        id
    }

    pub(super) struct Users;

    impl Users {
        #[cached(skip(self))]
        pub(super) async fn method(&self, id: u64) -> u64 {
            id
        }
    }

    #[invalidates(free(id), at_once(..), tags = ["x:{ret}"])]
    pub(super) async fn change(id: Id) -> u64 {
        id.left
    }

    #[write_through(at_once(id), value = *ret)]
    pub(super) async fn store(id: u64) -> u64 {
        id + 1
    }
}

#[tokio::test]
async fn generated_code_calls_its_own_macros() {
    fresh(async {
        let id = || shadowed::Id { left: 1, right: 2 };
        assert_eq!(shadowed::free(id()).await, 3);
        assert_eq!(shadowed::at_once(1), 1);
        assert_eq!(shadowed::Users.method(1).await, 1);
        shadowed::change(id()).await;
        assert_eq!(shadowed::free::entry(id()).get().await, None);
        shadowed::store(1).await;
        assert_eq!(shadowed::at_once(1), 2);
    })
    .await;
}
