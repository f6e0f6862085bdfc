//! Generic functions: bounds, where clauses, constants, lifetimes, and `impl Trait` arguments.

use std::borrow::Cow;
use std::fmt::Display;
use std::hash::Hash;

use cachekit::{CacheKey, cached, invalidates, write_through};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Log, fresh};

trait Store {
    const NAME: &'static str;
    async fn load(&self, id: u64) -> String;
}

struct Left;
struct Right;

impl Store for Left {
    const NAME: &'static str = "left";
    async fn load(&self, id: u64) -> String {
        format!("left {id}")
    }
}

impl Store for Right {
    const NAME: &'static str = "right";
    async fn load(&self, id: u64) -> String {
        format!("right {id}")
    }
}

#[cached(key = "bounds:{id}", skip(log))]
async fn bounds<S: Store>(log: &Log, store: &S, id: u64) -> String {
    log.add(S::NAME);
    store.load(id).await
}

#[cached(key = "named:{S::NAME}:{id}")]
async fn named<S>(store: &S, id: u64) -> String
where
    S: Store,
{
    store.load(id).await
}

#[cached(key = "shared:{id}", skip(S))]
async fn shared<S: Store>(store: &S, id: u64) -> String {
    store.load(id).await
}

#[tokio::test]
async fn type_parameters_tell_entries_apart_unless_they_are_skipped() {
    fresh(async {
        let log = Log::default();
        for _ in 0..2 {
            assert_eq!(bounds(&log, &Left, 1).await, "left 1");
            assert_eq!(bounds(&log, &Right, 1).await, "right 1");
            assert_eq!(named(&Left, 1).await, "left 1");
            assert_eq!(named(&Right, 1).await, "right 1");
            assert_eq!(shared(&Left, 1).await, "left 1");
            assert_eq!(shared(&Right, 1).await, "left 1", "as `skip` says");
        }
        assert_eq!(log.take(), ["left", "right"]);
        assert_eq!(named::entry::<Left>(1).key(), "named:left:1");
        assert_eq!(shared::entry(1).key(), "shared:1", "without a type to name");
        assert_eq!(
            bounds::entry::<Right>(1).get().await.as_deref(),
            Some("right 1")
        );
        bounds::refresh(&log, &Right, 1).await;
        assert_eq!(log.take(), ["right"]);
    })
    .await;
}

#[cached]
async fn part<K>(id: K) -> K
where
    K: CacheKey + Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    id
}

#[cached(key = "display:{left}:{right}")]
async fn display<L: Display, R: Display + Hash + Eq>(left: L, right: &R) -> String {
    format!("{left} {right}")
}

#[cached(key = "const:{id}", skip(log), tier = memory)]
async fn constant<const N: usize, const UP: bool>(log: &Log, id: u64) -> [u64; N] {
    log.add(format!("{N} {UP}"));
    [if UP { id + 1 } else { id }; N]
}

#[cached(key = "lifetimes:{left}:{right}")]
async fn lifetimes<'a, 'b: 'a>(left: &'a str, right: &'b str) -> String {
    let longer: &'a str = if left.len() > right.len() {
        left
    } else {
        right
    };
    longer.to_owned()
}

#[invalidates(constant::<2, true>(_, id), part::<u8>(3), display(id, "x"))]
async fn write<T>(id: u64, _what: T) {
    let _ = id;
}

#[write_through(part(id))]
async fn store<T>(id: T) -> Result<T, String>
where
    T: CacheKey + Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    Ok(id)
}

#[tokio::test]
async fn bounds_constants_and_lifetimes() {
    fresh(async {
        let log = Log::default();
        assert_eq!(part(3_u8).await, 3);
        assert_eq!(part("x".to_owned()).await, "x");
        assert_eq!(display(1_u64, &"x").await, "1 x");
        assert_eq!(constant::<2, true>(&log, 1).await, [2, 2]);
        assert_eq!(constant::<2, false>(&log, 1).await, [1, 1]);
        assert_eq!(constant::<3, true>(&log, 1).await, [2, 2, 2]);
        assert_eq!(lifetimes("a", "bc").await, "bc");
        assert_eq!(log.take(), ["2 true", "2 false", "3 true"]);

        write(1, "anything").await;
        assert_eq!(part::entry(3_u8).get().await, None);
        constant::<2, true>(&log, 1).await;
        constant::<2, false>(&log, 1).await;
        assert_eq!(log.take(), ["2 true"]);

        assert_eq!(store(5_i32).await, Ok(5));
        assert_eq!(part::entry(5_i32).get().await, Some(5));
    })
    .await;
}

#[cached(key = "impl:{name.as_ref()}", skip(log))]
async fn by_name(log: &Log, name: impl AsRef<str>) -> String {
    log.add(name.as_ref());
    name.as_ref().to_uppercase()
}

#[cached(key = "impl:{id}:{other}")]
async fn converted(id: impl Into<u64> + Display, other: &(impl Display + ?Sized)) -> String {
    let text = other.to_string();
    let id: u64 = id.into();
    format!("{id} {text}")
}

#[cached(key = "cow:{text}")]
async fn cow(text: Cow<'_, str>) -> String {
    text.into_owned()
}

#[tokio::test]
async fn arguments_of_any_type() {
    fresh(async {
        let log = Log::default();
        assert_eq!(by_name(&log, "ann").await, "ANN");
        assert_eq!(by_name(&log, "ann".to_owned()).await, "ANN");
        assert_eq!(by_name(&log, &Box::<str>::from("bob")).await, "BOB");
        assert_eq!(log.take(), ["ann", "bob"]);
        assert_eq!(by_name::entry("ann").key(), "impl:ann");
        assert_eq!(converted(7_u32, "x").await, "7 x");
        // Its text alone does not say what it becomes.
        assert_eq!(converted::entry(7_u64, &8).key(), "impl:7:8;u64");
        assert_eq!(cow(Cow::Borrowed("x")).await, "x");
        assert_eq!(cow::entry("x".to_owned().into()).key(), "cow:x");
    })
    .await;
}
