//! `key = expr(..)`: the function's name, and the value of the expression.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cachekit::testing::scope;
use cachekit::{Cache, CacheKey, cached, invalidates, write_through};

#[derive(Debug)]
struct NotClone {
    words: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Page(u32);

fn digest(bytes: &[u8]) -> String {
    format!(
        "{:x}",
        bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>()
    )
}

#[cached(key = expr(id / 10), name = "tens")]
async fn tens(id: u64) -> u64 {
    id
}

#[cached(key = expr(digest(body)), name = "blobs", version = 3, skip(pool))]
async fn blob(pool: &NotClone, body: &[u8]) -> usize {
    let _ = pool;
    body.len()
}

#[cached(key = expr(if all { None } else { Some((page.0 == 0, ids.len())) }), name = "pages")]
async fn pages(all: bool, page: Page, ids: Vec<u64>) -> usize {
    let _ = (all, page);
    ids.len()
}

#[cached(key = expr(format!("{id}/{}", query.words.join("+"))), tier = memory, name = "query")]
async fn search(id: u64, query: NotClone) -> usize {
    let _ = id;
    query.words.len()
}

#[cached(key = expr(path.as_ref().display().to_string()), tier = memory, name = "files")]
fn file(path: impl AsRef<Path>) -> bool {
    path.as_ref().exists()
}

#[cached(key = expr(b + a), name = "sums", tags = ["sum:{a}"])]
async fn sum((a, b): (u64, u64)) -> u64 {
    a + b
}

#[cached(key = expr(T::default().write()), name = "generic")]
async fn of_type<T: Write + Default + 'static>() -> u64 {
    0
}

trait Write {
    fn write(&self) -> &'static str {
        "same"
    }
}
#[derive(Default)]
struct One;
#[derive(Default)]
struct Two;
impl Write for One {}
impl Write for Two {
    fn write(&self) -> &'static str {
        "other"
    }
}

struct Repo {
    tenant: u32,
}

static RUNS: AtomicU64 = AtomicU64::new(0);

impl Repo {
    #[cached(key = expr((self.tenant, id % 100)), name = "Repo::get")]
    pub async fn get(&self, id: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        id
    }

    #[invalidates(self.get(id))]
    pub async fn forget(&self, id: u64) {
        let _ = id;
    }
}

#[invalidates(tens(id), blob(_, body))]
async fn forget(id: u64, body: &[u8]) {
    let _ = (id, body);
}

#[write_through(tens(id))]
async fn put(id: u64, value: u64) -> u64 {
    let _ = id;
    value
}

#[derive(Debug, Clone, CacheKey)]
struct Unsorted(Vec<u32>);

/// One function with a name of its own key, and one with the same expression.
#[cached(key = expr(ids.0.iter().max()), name = "greatest")]
async fn greatest(ids: &Unsorted) -> Option<u32> {
    ids.0.iter().max().copied()
}

#[test]
fn the_key_is_the_name_and_the_value() {
    assert_eq!(tens::entry(42).key(), "tens:4");
    assert_eq!(blob::entry(b"ab").key(), "blobs:c3;v3");
    assert_eq!(pages::entry(true, Page(0), vec![]).key(), "pages:%-");
    assert_eq!(
        pages::entry(false, Page(1), vec![7]).key(),
        "pages:(false,1)"
    );
    let query = |words: &[&str]| NotClone {
        words: words.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        search::entry(7, query(&["a", "b:c"])).key(),
        "query:7/a+b%3Ac"
    );
    assert_eq!(file::entry("/etc/hosts").key(), "files:/etc/hosts");
    assert_eq!(sum::entry((1, 2)).key(), "sums:3");
    assert_eq!(
        greatest::entry(&Unsorted(vec![3, 9, 4])).key(),
        "greatest:9"
    );
    assert_eq!(of_type::entry::<One>().key(), "generic:same");
    assert_eq!(of_type::entry::<Two>().key(), "generic:other");
}

#[tokio::test]
async fn calls_of_one_key_share_their_value_and_references_name_it() {
    let cache = Cache::builder().build().await.unwrap();
    scope(cache, async {
        assert_eq!(
            [tens(41).await, tens(48).await, tens(50).await],
            [41, 41, 50]
        );
        assert_eq!(blob(&NotClone { words: vec![] }, b"ab").await, 2);
        forget(49, b"ab").await;
        assert_eq!(tens(48).await, 48);
        assert_eq!(blob::entry(b"ab").get().await, None);
        assert_eq!(put(43, 7).await, 7);
        assert_eq!(tens(48).await, 7);
        let repo = Repo { tenant: 3 };
        assert_eq!(repo.get_entry(142).key(), "Repo::get:(3,42)");
        assert_eq!([repo.get(142).await, repo.get(42).await], [142, 142]);
        repo.forget(242).await;
        assert_eq!(repo.get(42).await, 42);
        assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    })
    .await;
}

#[cached(key = expr(map), tier = memory, name = "maps")]
async fn maps(map: &HashMap<String, Vec<f64>>) -> usize {
    map.len()
}

#[test]
fn a_map_is_a_value_too() {
    let map = HashMap::from([("b".to_owned(), vec![0.5]), ("a".to_owned(), vec![])]);
    assert_eq!(maps::entry(&map).key(), "maps:((a,()),(b,(0.5)))");
}

#[cached(key = expr(id), name = "bare")]
async fn bare(id: u64) -> u64 {
    id
}

#[cached(key = expr(text), name = "bare-text", tier = memory)]
fn bare_text(text: String) -> usize {
    text.len()
}

/// It looks like its number where somebody follows it.
#[derive(Debug, Clone, CacheKey)]
struct TenantId {
    tenant: u32,
    id: u64,
}

impl std::ops::Deref for TenantId {
    type Target = u64;

    fn deref(&self) -> &u64 {
        &self.id
    }
}

#[cached(key = expr(row), name = "rows-of-tenants")]
async fn row_of(row: TenantId) -> u32 {
    row.tenant
}

#[invalidates(row_of(row))]
async fn change(row: TenantId) {
    assert_eq!(row.id, 7);
}

struct Tenants;

impl Tenants {
    #[cached(key = expr(id), name = "tenants", skip(self))]
    pub async fn get(&self, id: u64) -> u64 {
        id
    }
}

/// In the companion and in references an argument comes by reference; in the expression it is as the
/// function has it.
#[tokio::test]
async fn an_argument_by_itself_is_an_expression() {
    let cache = Cache::builder().build().await.expect("a cache");
    scope(cache, async {
        assert_eq!((bare(7).await, bare_text("abc".to_owned())), (7, 3));
        assert_eq!(bare::entry(7).get().await, Some(7));
        assert_eq!(bare_text::entry("abc".to_owned()).get().await, Some(3));
        assert_eq!(Tenants.get(7).await, 7);
        assert_eq!(Tenants.get_entry(7).get().await, Some(7));
        let rows = [1, 2].map(|tenant| TenantId { tenant, id: 7 });
        let keys = rows.clone().map(|row| row_of::entry(row).key().to_owned());
        assert_ne!(keys[0], keys[1], "the tenant is in it");
        for row in &rows {
            assert_eq!(row_of(row.clone()).await, row.tenant);
        }
        change(rows[0].clone()).await;
        let left = [rows[0].clone(), rows[1].clone()].map(row_of::entry);
        assert_eq!((left[0].get().await, left[1].get().await), (None, Some(2)));
    })
    .await;
}

fn cache_of(id: u64, caches: &[Cache; 2]) -> &Cache {
    &caches[usize::from(id > 9)]
}

#[cached(key = "sharded:{id}", name = "sharded", cache = cache_of(id, caches), skip(caches))]
async fn sharded(id: u64, caches: &[Cache; 2]) -> u64 {
    id
}

#[tokio::test]
async fn a_cache_may_be_chosen_by_an_argument() {
    let build = || async { Cache::builder().build().await.expect("a cache") };
    let caches = &[build().await, build().await];
    assert_eq!(
        (sharded(1, caches).await, sharded(10, caches).await),
        (1, 10)
    );
    assert_eq!(sharded::entry(10, caches).get().await, Some(10));
    assert_eq!(caches.each_ref().map(|cache| cache.stats().entries), [1, 1]);
}
