//! The effect of each option of the attributes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::testing::scope;
use cachekit::{Cache, CacheKey, cached, invalidates};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache;

#[derive(Debug, Default)]
struct Runs(AtomicU64);

impl Runs {
    fn bump(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[cached(key = "angle:<id>:<name>", skip(runs))]
async fn angled(id: u64, name: &str, runs: &Runs) -> (u64, String, u64) {
    (id, name.to_owned(), runs.bump())
}

#[tokio::test]
async fn both_spellings_of_a_placeholder() {
    scope(cache().await, async {
        let runs = Runs::default();
        assert_eq!(angled::entry(1, "a").key(), "angle:1:a");
        assert_eq!(angled(1, "a", &runs).await.2, 1);
        assert_eq!(angled(1, "a", &runs).await.2, 1);
        assert_eq!(angled(1, "b", &runs).await.2, 2);
    })
    .await;
}

#[derive(Debug, Clone, CacheKey)]
struct Page {
    number: u32,
    size: u32,
}

impl Page {
    fn offset(&self) -> u32 {
        self.number * self.size
    }
}

#[cached(key = "literal {{braces}} {page.size}/{page.offset()}")]
async fn paged(page: Page) -> u32 {
    page.number
}

#[cached(key = "whole:{page}")]
async fn whole(page: Page) -> u32 {
    page.number
}

#[tokio::test]
async fn fields_methods_and_derived_parts() {
    scope(cache().await, async {
        let page = Page {
            number: 3,
            size: 10,
        };
        assert_eq!(paged::entry(page.clone()).key(), "literal {braces} 10/30");
        assert_eq!(whole::entry(page.clone()).key(), "whole:(3,10)");
        assert_eq!((paged(page.clone()).await, whole(page).await), (3, 3));
    })
    .await;
}

#[cached(skip(runs))]
async fn default_key(id: u64, runs: &Runs) -> u64 {
    runs.bump() + id
}

#[cached(name = "renamed", version = 2)]
async fn named(id: u64) -> u64 {
    id
}

#[tokio::test]
async fn names_versions_and_default_keys() {
    scope(cache().await, async {
        let runs = Runs::default();
        assert_eq!(
            default_key::entry(1).key(),
            "behaviour::attributes::default_key:1"
        );
        assert_eq!(default_key(1, &runs).await, default_key(1, &runs).await);
        assert_eq!(
            default_key::stats().name,
            "behaviour::attributes::default_key"
        );
        assert_eq!(named::entry(1).key(), "renamed:1;v2");
        assert_eq!(named(1).await, 1);
        assert_eq!(named::stats().computations, 1);
    })
    .await;
}

#[cached(key = "conditional:{id}", when = id < 10, store_if = *ret != 5, skip(runs))]
async fn conditional(id: u64, runs: &Runs) -> u64 {
    runs.bump();
    id
}

#[tokio::test]
async fn when_and_store_if() {
    let cache = cache().await;
    scope(cache.clone(), async {
        let runs = Runs::default();
        for id in [1, 1, 5, 5, 20, 20] {
            conditional(id, &runs).await;
        }
        let stats = conditional::stats();
        assert_eq!(
            (stats.memory_hits, stats.computations, stats.bypassed),
            (1, 3, 2)
        );
        assert_eq!(runs.0.load(Ordering::SeqCst), 5);
    })
    .await;
}

#[derive(Debug)]
struct Repository {
    cache: Cache,
    tenant: String,
    runs: Runs,
}

impl Repository {
    #[cached(key = "user:{self.tenant}:{id}", cache = self.cache, tags = ["of:{self.tenant}"])]
    pub async fn user(&self, id: u64) -> Result<Arc<String>, std::fmt::Error> {
        Ok(Arc::new(format!(
            "{} {id} {}",
            self.tenant,
            self.runs.bump()
        )))
    }

    #[invalidates(self.user(id), cache = self.cache)]
    async fn rename(&self, id: u64) -> Result<u64, std::fmt::Error> {
        Ok(id)
    }

    #[invalidates(Self::user(self, id), cache = self.cache, on = always)]
    async fn rename_badly(&self, id: u64) -> Result<(), std::fmt::Error> {
        if id > 0 { Err(std::fmt::Error) } else { Ok(()) }
    }
}

impl cachekit::Shared for Interchangeable {}
struct Interchangeable;

impl Interchangeable {
    #[cached(key = "interchangeable:{id}", tier = memory)]
    async fn no_companion(&self, id: u64) -> u64 {
        id
    }

    #[cached(skip(self))]
    async fn skipped(&self, id: u64) -> u64 {
        id + 1
    }
}

#[tokio::test]
async fn methods() {
    let cache = cache().await;
    let of = |tenant: &str| Repository {
        cache: cache.clone(),
        tenant: tenant.to_owned(),
        runs: Runs::default(),
    };
    let (one, two) = (of("one"), of("two"));
    assert_eq!(*one.user(1).await.expect("right"), "one 1 1");
    assert_eq!(*one.user(1).await.expect("right"), "one 1 1");
    assert_eq!(*two.user(1).await.expect("right"), "two 1 1");
    assert_eq!(one.user_entry(1).key(), "user:one:1");
    assert_eq!(
        one.user_cache().name(),
        "behaviour::attributes::Repository::user"
    );
    one.rename(1).await.expect("right");
    assert_eq!(one.user_entry(1).get().await, None);
    assert_eq!(*one.user(1).await.expect("right"), "one 1 2");
    one.rename_badly(1).await.expect_err("fails");
    assert_eq!(*one.user(1).await.expect("right"), "one 1 3");
    assert_eq!(*two.user(1).await.expect("right"), "two 1 1");
    one.user_cache().invalidate_all().await;
    assert_eq!(*two.user(1).await.expect("right"), "two 1 2");
    assert_eq!(one.user_cache().stats().computations, 5);
    scope(cache, async {
        assert_eq!(Interchangeable.no_companion(1).await, 1);
        assert_eq!(Interchangeable.skipped(1).await, 2);
    })
    .await;
}

#[cached(key = "generic:{id}")]
async fn generic<T>(id: u64) -> (u64, T)
where
    T: Default + Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    (id, T::default())
}

#[tokio::test]
async fn type_parameters_are_part_of_the_key() {
    scope(cache().await, async {
        assert_eq!(generic::<u8>(1).await, (1, 0));
        assert_eq!(generic::<String>(1).await, (1, String::new()));
        assert_eq!(generic::<u8>(1).await, (1, 0));
        assert_eq!(cachekit::global().stats().memory_hits, 1);
    })
    .await;
}

/// A repository over a backend; `skip(self)` says that its instances do not differ.
struct Over<B>(B);

impl<B: std::fmt::Debug> Over<B> {
    #[cached(key = "over:{id}", skip(self))]
    pub async fn get(&self, id: u64) -> String {
        format!("{:?} {id}", self.0)
    }
}

/// An attribute on a method cannot see the type parameters of the `impl`.
#[tokio::test]
async fn the_type_of_a_generic_self_is_part_of_the_key() {
    scope(cache().await, async {
        assert_eq!(Over(1_u8).get(1).await, "1 1");
        assert_eq!(Over("a").get(1).await, "\"a\" 1");
        assert_eq!(
            Over(2_u8).get(1).await,
            "1 1",
            "instances do not differ, types do"
        );
        assert!(Over(1_u8).get_entry(1).key().starts_with("over:1;"));
    })
    .await;
}

#[cached(key = "list:{n}", tags = ["lists", ..ret.iter().map(|item| format!("item:{item}"))])]
async fn list(n: u64) -> Vec<u64> {
    (0..n).collect()
}

#[invalidates(tags = ["item:{item}"])]
async fn change_item(item: u64) {
    let _ = item;
}

#[tokio::test]
async fn tags_from_a_sequence() {
    scope(cache().await, async {
        list(3).await;
        list(5).await;
        change_item(4).await;
        assert!(list::entry(3).get().await.is_some());
        assert!(list::entry(5).get().await.is_none());
    })
    .await;
}

#[cached(key = "shown:{value}")]
async fn shown<T: std::fmt::Display + Sync>(value: &T) -> String {
    value.to_string()
}

#[invalidates(shown::<String>(&name))]
async fn hide(name: String) {
    drop(name);
}

/// A reference to a generic function says its type parameters: they are part of the key.
#[tokio::test]
async fn a_reference_to_a_generic_function() {
    scope(cache().await, async {
        let name = "ann".to_owned();
        shown(&name).await;
        assert!(shown::entry::<String>(&name).get().await.is_some());
        hide(name.clone()).await;
        assert!(shown::entry::<String>(&name).get().await.is_none());
    })
    .await;
}

#[cached(key = "named:{name}", tags = ["name:{name}", "of:{ret}:{name}"], events = ["named {name}"])]
async fn named_by(name: &str) -> u64 {
    name.len() as u64
}

#[invalidates(tags = [..[format!("name:{name}")]])]
async fn by_formatted_tag(name: &str) {
    let _ = name;
}

#[invalidates(tags = ["of:7:{name}"], keys = ["named:{name}"])]
async fn by_template(name: &str) {
    let _ = name;
}

/// What a person types, a template writes and an expression formats is one tag.
#[tokio::test]
async fn arguments_stand_in_tags_as_they_are() {
    let cache = cache().await;
    scope(cache.clone(), async {
        let hostile = "ann: lee";
        for way in 0..4 {
            named_by("ann lee").await;
            named_by(hostile).await;
            match way {
                0 => cache.invalidate_tags(["name:ann lee"]).await,
                1 => by_formatted_tag("ann lee").await,
                2 => by_template("ann lee").await,
                _ => cache.emit("named ann lee").await,
            }
            assert!(
                named_by::entry("ann lee").get().await.is_none(),
                "way {way}"
            );
            assert!(named_by::entry(hostile).get().await.is_some(), "way {way}");
        }
        assert_eq!(named_by::entry("ann lee").key(), "named:ann%20lee");
    })
    .await;
}

#[cached(key = "target:{id}", tags = ["targets"], events = ["target.changed"])]
async fn target(id: u64) -> u64 {
    id
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fail {
    Never,
    Now,
}

#[invalidates(target(id))]
async fn by_reference(id: u64, fail: Fail) -> Result<u64, String> {
    if fail == Fail::Now {
        return Err("as asked".to_owned());
    }
    Ok(id)
}

#[invalidates(target(..))]
async fn by_function(_unused: ()) -> Option<u64> {
    None?;
    Some(1)
}

#[invalidates(key = "target:{id}")]
async fn by_key(id: u64) {
    let _ = id;
}

#[invalidates(keys = ["target:1", "target:2"])]
async fn by_keys() {}

#[invalidates(events = ["target.changed"])]
async fn by_event() {}

#[invalidates(target(ret.id), if = ret.id != 2)]
async fn by_value(id: u64) -> Result<Found, String> {
    Ok(Found { id })
}

#[derive(Debug, Clone)]
struct Found {
    id: u64,
}

#[invalidates(target(id), on = before)]
async fn before(id: u64) -> Result<bool, String> {
    Ok(target::entry(id).get().await.is_none())
}

#[tokio::test]
async fn every_way_to_invalidate() {
    scope(cache().await, async {
        for way in 0..7 {
            target(1).await;
            assert!(target::entry(1).get().await.is_some());
            match way {
                0 => drop(by_reference(1, Fail::Never).await),
                1 => drop(by_function(()).await),
                2 => by_key(1).await,
                3 => by_keys().await,
                4 => by_event().await,
                5 => drop(by_value(1).await),
                _ => assert!(before(1).await.expect("right"), "gone before the body ran"),
            }
            assert!(target::entry(1).get().await.is_none(), "way {way}");
        }
        target(1).await;
        by_reference(1, Fail::Now).await.expect_err("fails");
        assert!(
            target::entry(1).get().await.is_some(),
            "a failed write changed nothing"
        );
        target(2).await;
        by_value(2).await.expect("right");
        assert!(target::entry(2).get().await.is_some(), "`if` said no");
    })
    .await;
}

/// The outer function's own meaning is untouched.
#[tokio::test]
async fn early_returns_questions_marks_and_moves() {
    #[cached(key = "body:{text}")]
    async fn body(text: String) -> Result<String, std::num::ParseIntError> {
        let number: u64 = text.parse()?;
        if number == 0 {
            return Ok(text);
        }
        let moved = text;
        Ok(moved + "!")
    }
    scope(cache().await, async {
        assert!(body("x".to_owned()).await.is_err());
        assert_eq!(body("0".to_owned()).await.as_deref(), Ok("0"));
        assert_eq!(body("7".to_owned()).await.as_deref(), Ok("7!"));
        assert_eq!(body("7".to_owned()).await.as_deref(), Ok("7!"));
        assert_eq!(body::stats().memory_hits, 1);
    })
    .await;
}

/// Annotated futures are as `Send` as their bodies are, and need no runtime to hit.
#[test]
fn futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&target(1));
    is_send(&by_reference(1, Fail::Never));
    let mut first = Box::pin(target(77));
    assert!(
        cachekit_tests::poll_once(first.as_mut()).is_ready(),
        "outside a runtime too"
    );
}
