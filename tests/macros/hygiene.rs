//! Modules and types with names that generated code could mistake for its own.

use crate::fresh;

mod shadowed {
    #![expect(dead_code, reason = "the names are the point")]

    use cachekit::{CacheKey, cached, invalidates, write_through};

    mod core {}
    mod std {}
    mod alloc {}

    struct Result;
    struct Option;
    struct Box;
    struct String;
    struct Vec;
    struct Duration;
    struct Ok;
    struct Err;
    struct Some;
    struct None;
    trait Clone {}
    trait Copy {}
    trait Send {}
    trait Sync {}
    trait Sized {}
    trait Future {}
    trait FnOnce {}
    trait ToOwned {}
    trait From {}
    trait Into {}
    trait Iterator {}
    trait IntoIterator {}
    trait Default {}
    trait Drop {}

    macro_rules! shadow {
        ($($name:ident)*) => {$(
            #[expect(unused_macros, reason = "the name is the point")]
            macro_rules! $name { () => { compile_error!("not this one") }; }
        )*};
    }
    shadow! { format panic vec assert matches stringify }

    #[derive(CacheKey)]
    pub(super) struct Query {
        page: u64,
        size: u64,
    }

    impl Query {
        pub(super) fn new(page: u64, size: u64) -> Self {
            Self { page, size }
        }
    }

    #[derive(CacheKey)]
    pub(super) enum Sort {
        Newest,
        Price { up: bool },
    }

    pub(super) fn sorts() -> [Sort; 2] {
        [Sort::Newest, Sort::Price { up: true }]
    }

    #[cached(
        key = "shadowed:{query}:{sort}",
        tags = ["page:{query.page}", "value:{ret}", ..[*ret]],
        events = ["shadowed"],
        ttl = "5m",
        none_ttl = 30,
        jitter = 0.1,
        when = query.page > 0,
        store_if = *ret > 0
    )]
    pub(super) async fn all(
        query: &Query,
        sort: Sort,
    ) -> ::std::result::Result<::std::option::Option<u64>, u8> {
        let _ = sort;
        ::std::result::Result::Ok(::std::option::Option::Some(query.page + query.size))
    }

    #[cached(ttl = ::std::time::Duration::from_secs(id))]
    pub(super) async fn plain(id: u64) -> u64 {
        id
    }

    #[cached(tier = memory)]
    pub(super) fn at_once(id: u64) -> u64 {
        id
    }

    #[invalidates(plain(id), all(..), keys = ["a", *ret, ..[id]], tags = ["t:{ret}"], if = *ret > 0)]
    pub(super) async fn write(id: u64) -> ::std::result::Result<u64, u8> {
        ::std::result::Result::Ok(id)
    }

    #[write_through(plain(id), value = *ret + id)]
    pub(super) async fn store(id: u64) -> ::std::option::Option<u64> {
        ::std::option::Option::Some(id)
    }
}

#[tokio::test]
async fn generated_code_finds_its_own_names() {
    fresh(async {
        for sort in shadowed::sorts() {
            let query = shadowed::Query::new(1, 10);
            assert_eq!(shadowed::all(&query, sort).await, Ok(Some(11)));
        }
        assert_eq!(shadowed::all::stats().computations, 2);
        assert_eq!(shadowed::plain(3).await, 3);
        assert_eq!(shadowed::at_once(3), 3);
        assert_eq!(shadowed::store(3).await, Some(3));
        assert_eq!(shadowed::plain(3).await, 6);
        assert_eq!(shadowed::write(3).await, Ok(3));
        assert_eq!(shadowed::plain::entry(3).get().await, None);
    })
    .await;
}

/// Items of the body's own names, and a body that hides everything.
#[tokio::test]
async fn names_inside_the_body() {
    #[cachekit::cached(key = "inside:{id}")]
    async fn inside(id: u64) -> Result<u64, String> {
        #[expect(non_camel_case_types, reason = "the name is the point")]
        struct inside {
            __spec: u64,
        }
        mod cachekit {
            pub(super) fn compute(id: u64) -> u64 {
                id * 2
            }
        }
        let [__plan, __key, __looked, __hit, __miss] = [1, 2, 3, 4, 5];
        let own = inside { __spec: id };
        let sum = __plan + __key + __looked + __hit + __miss;
        Ok(sum + cachekit::compute(own.__spec))
    }
    fresh(async {
        assert_eq!(inside(1).await, Ok(17));
        assert_eq!(inside(1).await, Ok(17));
        assert_eq!(inside::stats().memory_hits, 1);
    })
    .await;
}
