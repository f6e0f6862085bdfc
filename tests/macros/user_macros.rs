//! Annotated functions that a user's macro generates.

use cachekit::{CacheKey, cached, invalidates, write_through};

use crate::{Log, fresh};

/// Names, types and values from the call, the attribute and its key from the macro.
macro_rules! getter {
    ($vis:vis $name:ident, $set:ident, $id:ty => $ret:ty, $prefix:literal, |$bound:ident| $value:expr) => {
        #[cached(name = $prefix, skip(log), ttl = 60)]
        $vis async fn $name(log: &Log, $bound: $id) -> $ret {
            log.add($prefix);
            $value
        }

        #[invalidates($name(_, $bound))]
        $vis async fn $set($bound: $id) -> Result<(), String> {
            let _ = $bound;
            Ok(())
        }
    };
}

getter!(number, set_number, u64 => Option<u64>, "number", |id| Some(id + 1));
getter!(pub(crate) text, set_text, &str => Result<String, std::fmt::Error>, "text", |name| {
    if name.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(name.to_uppercase())
});

#[tokio::test]
async fn functions_from_one_macro() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(number(&log, 1).await, Some(2));
            assert_eq!(text(&log, "a").await.as_deref(), Ok("A"));
        }
        text(&log, "").await.expect_err("empty");
        assert_eq!(log.take(), ["number", "text", "text"]);
        assert_eq!(number::entry(1).key(), "number:1");
        assert_eq!(text::entry("a").key(), "text:a");
        set_number(1).await.expect("right");
        set_text("a").await.expect("right");
        number(&log, 1).await;
        text(&log, "a").await.expect("right");
        assert_eq!(log.take(), ["number", "text"]);
    })
    .await;
}

/// Everything is the macro's own; a variable of the call has the name of its argument.
macro_rules! whole {
    ($name:ident, $what:expr) => {
        #[cached(
                                            key = "whole:{id}:{part.len()}",
                                            tags = ["whole:{id}", "of:{ret}:{id}", ..[*ret + id]],
                                            when = id > 0,
                                            store_if = *ret != id
                                        )]
        async fn $name(id: u64, part: String) -> u64 {
            let id = id + part.len() as u64;
            id + $what
        }
    };
}

#[tokio::test]
async fn a_macro_inside_a_function() {
    const ID: u64 = 3;
    whole!(inside, {
        let id = 100;
        id + ID
    });
    fresh(async {
        assert_eq!(inside(1, "x".to_owned()).await, 105);
        let entry = inside::entry(1, "x".to_owned());
        assert_eq!(entry.key(), "whole:1:1");
        assert_eq!(entry.get().await, Some(105));
        cachekit::global().invalidate_tags(["106"]).await;
        assert_eq!(entry.get().await, None);
    })
    .await;
}

/// The attribute's words come from the call.
macro_rules! with {
    ($(#[$attr:meta])* fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty = $body:expr) => {
        $(#[$attr])*
        async fn $name($($arg: $ty),*) -> $ret {
            $body
        }
    };
}

with! {
    /// With words of the call.
    #[cached(key = "with:{left}:{right.0}", tags = ["with:{left}"], ttl = std::time::Duration::from_secs(left))]
    fn outer(left: u64, right: (u64, u64)) -> u64 = left + right.0
}
with! {
    #[write_through(outer(left, (right, 0)), value = *ret + right)]
    fn outer_write(left: u64, right: u64) -> Option<u64> = Some(left)
}
with! {
    #[invalidates(tags = ["with:{left}"], if = *ret)]
    fn outer_change(left: u64) -> bool = left > 0
}

#[tokio::test]
async fn attributes_from_the_call_of_a_macro() {
    fresh(async {
        assert_eq!(outer(1, (2, 9)).await, 3);
        assert_eq!(outer(1, (2, 8)).await, 3);
        assert_eq!(outer::stats().memory_hits, 1);
        outer_write(1, 2).await;
        assert_eq!(outer::entry(1, (2, 7)).get().await, Some(3));
        assert!(outer_change(1).await);
        assert_eq!(outer::entry(1, (2, 7)).get().await, None);
    })
    .await;
}

/// A type and its methods, with `$crate` in paths and a derive.
macro_rules! repository {
    ($name:ident { $($field:ident: $ty:ty),* }, $method:ident) => {
        #[derive(Debug, Clone, CacheKey)]
        struct $name { $($field: $ty),* }

        impl $name {
            #[cached(key = "repository:{self}:{id}")]
            pub(crate) async fn $method(&self, id: u64) -> $crate::user_macros::Pair {
                (id, vec![$(self.$field.to_string()),*])
            }
        }
    };
}

type Pair = (u64, Vec<String>);

repository!(Repository { tenant: &'static str, size: u8 }, load);

#[tokio::test]
async fn a_type_and_its_methods() {
    fresh(async {
        let repository = Repository {
            tenant: "t",
            size: 2,
        };
        let expected = (1, vec!["t".to_owned(), "2".to_owned()]);
        assert_eq!(repository.load(1).await, expected);
        assert_eq!(repository.load(1).await, expected);
        assert_eq!(repository.load_entry(1).key(), "repository:(t,2):1");
        assert_eq!(repository.load_cache().stats().memory_hits, 1);
    })
    .await;
}
