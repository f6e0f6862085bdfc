//! Every type or constant that a function can depend on is part of its key: the types that it
//! names, those of its `impl` or trait, and those that its arguments leave open.

use std::fmt::{Debug, Display};
use std::pin::Pin;

use cachekit::testing::Fault;
use cachekit::{Cache, Shared, cached, invalidates, testing};
use cachekit_tests::capture::Capture;
use cachekit_tests::redis::Redis;
use cachekit_tests::until;

trait Entity: Send + Sync {
    const TABLE: &'static str;
    fn table(&self) -> &'static str {
        Self::TABLE
    }
    fn id(&self) -> u64 {
        1
    }
}

#[derive(Debug, Clone, Copy)]
struct User;
#[derive(Debug, Clone, Copy)]
struct Secret;

impl Entity for User {
    const TABLE: &'static str = "users";
}
impl Entity for Secret {
    const TABLE: &'static str = "secrets";
}
impl<T: Entity> Entity for Vec<T> {
    const TABLE: &'static str = T::TABLE;
}

fn row<T: Entity>(id: u64) -> String {
    format!("{} {id}", T::TABLE)
}

const fn numbered(number: usize) -> &'static str {
    if number == 1 { "users" } else { "secrets" }
}

#[derive(Debug, Clone, Copy)]
struct Repo;
impl Shared for Repo {}

/// A trait's parameter.
trait Load<T> {
    async fn load(&self, id: u64) -> String;
    async fn load_without(id: u64) -> String;
    async fn load_or<D: Display + Send + Sync>(&self, id: u64, other: D) -> String;
    fn load_at_once(&self, id: u64) -> String;
    fn load_boxed(&self, id: u64) -> Pin<Box<dyn Future<Output = String> + Send + '_>>;
}

impl<T: Entity> Load<T> for Repo {
    #[cached(key = "load:{id}")]
    async fn load(&self, id: u64) -> String {
        row::<T>(id)
    }

    #[cached(key = "load_without:{id}", companion = false)]
    async fn load_without(id: u64) -> String {
        row::<T>(id)
    }

    #[cached(key = "load_or:{id}:{other}", skip(D))]
    async fn load_or<D: Display + Send + Sync>(&self, id: u64, other: D) -> String {
        let _ = other;
        row::<T>(id)
    }

    #[cached(key = "load_at_once:{id}", tier = memory)]
    fn load_at_once(&self, id: u64) -> String {
        row::<T>(id)
    }

    #[cached(key = "load_boxed:{id}")]
    fn load_boxed(&self, id: u64) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        Box::pin(async move { row::<T>(id) })
    }
}

/// The same, where another attribute has written the method anew.
#[async_trait::async_trait]
trait Boxed<T> {
    async fn boxed(&self, name: &str, id: u64) -> String;
}

#[async_trait::async_trait]
impl<T: Entity> Boxed<T> for Repo {
    #[cached(key = "boxed:{name}:{id}")]
    async fn boxed(&self, name: &str, id: u64) -> String {
        row::<T>(id)
    }
}

/// The type itself is the parameter.
trait Describe {
    async fn describe(&self, id: u64) -> String;
    async fn describe_without(id: u64) -> String;
}

impl<T: Entity> Describe for T {
    #[cached(key = "describe:{id}", skip(self))]
    async fn describe(&self, id: u64) -> String {
        row::<T>(id)
    }

    #[cached(key = "describe_without:{id}", companion = false)]
    async fn describe_without(id: u64) -> String {
        row::<T>(id)
    }
}

/// A body that a trait brings with it: what implements it, and the trait's parameter.
trait Provided<T: Entity>: Entity + Sized {
    #[cached(key = "provided:{id}", skip(self))]
    async fn provided(&self, id: u64) -> String {
        row::<Self>(id)
    }

    #[cached(key = "provided_for:{id}", skip(self))]
    async fn provided_for(&self, id: u64) -> String {
        row::<T>(id)
    }
}

impl<T: Entity> Provided<T> for User {}
impl<T: Entity> Provided<T> for Secret {}

/// What an `impl` in the same place, and one elsewhere, has.
struct Store<T>(T);
impl<T> Shared for Store<T> {}

impl<T: Entity> Store<T> {
    #[cached(key = "inherent:{id}")]
    pub async fn inherent(&self, id: u64) -> String {
        row::<T>(id)
    }

    #[cached(key = "fresh:{id}", companion = false)]
    async fn fresh(id: u64) -> String {
        row::<T>(id)
    }

    #[cached(key = "made:{id}", skip(this))]
    async fn made(this: &Self, id: u64) -> String {
        let _ = this;
        row::<T>(id)
    }

    #[cached(key = "in_parts:{id}", tags = ["row:{id}"])]
    pub async fn in_parts<U: Debug + Send + Sync>(&self, id: u64, extra: &U) -> String {
        let _ = extra;
        row::<T>(id)
    }
}

impl<T: Entity> Load<u8> for Store<T> {
    #[cached(key = "of_store:{id}")]
    async fn load(&self, id: u64) -> String {
        row::<T>(id)
    }

    async fn load_without(id: u64) -> String {
        row::<T>(id)
    }

    async fn load_or<D: Display + Send + Sync>(&self, id: u64, _other: D) -> String {
        row::<T>(id)
    }

    fn load_at_once(&self, id: u64) -> String {
        row::<T>(id)
    }

    fn load_boxed(&self, id: u64) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
        Box::pin(async move { row::<T>(id) })
    }
}

mod elsewhere {
    use super::{Entity, Store, cached, row};

    impl<T: Entity> Store<T> {
        #[cached(key = "elsewhere:{id}")]
        pub async fn elsewhere(&self, id: u64) -> String {
            row::<T>(id)
        }
    }
}

/// Constants.
trait Numbered<const N: usize> {
    async fn numbered(&self, id: u64) -> String;
}

impl<const N: usize> Numbered<N> for Repo {
    #[cached(key = "numbered:{id}")]
    async fn numbered(&self, id: u64) -> String {
        format!("{} {id}", numbered(N))
    }
}

struct Letter<const C: char>;
impl<const C: char> Shared for Letter<C> {}

impl<const C: char> Letter<C> {
    #[cached(key = "letter:{id}")]
    pub async fn letter(&self, id: u64) -> String {
        format!("{} {id}", if C == '<' { "users" } else { "secrets" })
    }
}

/// What a function names itself.
#[cached(key = "free:{id}")]
async fn free<T: Entity>(id: u64) -> String {
    row::<T>(id)
}

#[cached(key = "free_const:{id}")]
async fn free_const<const N: usize>(id: u64) -> String {
    format!("{} {id}", numbered(N))
}

/// What an argument leaves open.
#[cached(key = "anonymous:{id}")]
async fn anonymous(entity: &impl Entity, id: u64) -> String {
    format!("{} {id}", entity.table())
}

#[cached(key = "projected:{entity.id()}")]
async fn projected(entity: impl Entity) -> String {
    format!("{} {}", entity.table(), entity.id())
}

#[cached(key = "in_a_tuple:{entity.id()}:{id}")]
async fn in_a_tuple((entity, id): (impl Entity, u64)) -> String {
    format!("{} {id}", entity.table())
}

impl Repo {
    #[cached(key = "anonymous_in_method:{id}")]
    pub async fn anonymous_in_method(&self, entity: &impl Entity, id: u64) -> String {
        format!("{} {id}", entity.table())
    }
}

/// A function in a generic one has no part in its types; one in a block of its own has.
async fn outer<T: Entity>(id: u64) -> String {
    trait Inside {
        async fn inside(&self, id: u64) -> String;
    }
    impl<T: Entity> Inside for Vec<T> {
        #[cached(key = "inside:{id}", skip(self))]
        async fn inside(&self, id: u64) -> String {
            row::<T>(id)
        }
    }
    Vec::<T>::new().inside(id).await
}

type Call = Pin<Box<dyn Future<Output = String>>>;

/// Two calls that differ in a type or constant alone.
fn pairs() -> Vec<(&'static str, Call, Call)> {
    macro_rules! pairs {
        ($($name:literal: $first:expr, $second:expr;)*) => {
            vec![$((
                $name,
                Box::pin(async { $first.await }) as Call,
                Box::pin(async { $second.await }) as Call,
            )),*]
        };
    }
    pairs! {
        "a trait's parameter": Load::<User>::load(&Repo, 1), Load::<Secret>::load(&Repo, 1);
        "without a receiver": <Repo as Load<User>>::load_without(1), <Repo as Load<Secret>>::load_without(1);
        "beside a skipped one": Load::<User>::load_or(&Repo, 1, 7), Load::<Secret>::load_or(&Repo, 1, 7);
        "not async": async { Load::<User>::load_at_once(&Repo, 1) }, async { Load::<Secret>::load_at_once(&Repo, 1) };
        "a boxed future": Load::<User>::load_boxed(&Repo, 1), Load::<Secret>::load_boxed(&Repo, 1);
        "async_trait": Boxed::<User>::boxed(&Repo, "x", 1), Boxed::<Secret>::boxed(&Repo, "x", 1);
        "blanket": User.describe(1), Secret.describe(1);
        "blanket, without a receiver": User::describe_without(1), Secret::describe_without(1);
        "provided by a trait": Provided::<User>::provided(&User, 1), Provided::<User>::provided(&Secret, 1);
        "provided, a trait's parameter": Provided::<User>::provided_for(&User, 1), Provided::<Secret>::provided_for(&User, 1);
        "an inherent method": Store(User).inherent(1), Store(Secret).inherent(1);
        "an associated function": Store::<User>::fresh(1), Store::<Secret>::fresh(1);
        "`Self` in an argument": Store::made(&Store(User), 1), Store::made(&Store(Secret), 1);
        "beside parameters of its own": Store(User).in_parts(1, &7), Store(Secret).in_parts(1, &7);
        "a generic `Self` in a trait's impl": Load::<u8>::load(&Store(User), 1), Load::<u8>::load(&Store(Secret), 1);
        "an impl elsewhere": Store(User).elsewhere(1), Store(Secret).elsewhere(1);
        "a trait's constant": Numbered::<1>::numbered(&Repo, 1), Numbered::<2>::numbered(&Repo, 1);
        "a letter that is a bracket": Letter::<'<'>.letter(1), Letter::<'>'>.letter(1);
        "a parameter": free::<User>(1), free::<Secret>(1);
        "a constant": free_const::<1>(1), free_const::<2>(1);
        "an anonymous parameter": anonymous(&User, 1), anonymous(&Secret, 1);
        "of which a part is in the key": projected(User), projected(Secret);
        "inside other types": in_a_tuple((User, 1)), in_a_tuple((Secret, 1));
        "of a method": Repo.anonymous_in_method(&User, 1), Repo.anonymous_in_method(&Secret, 1);
        "in a function in a function": outer::<User>(1), outer::<Secret>(1);
    }
}

#[tokio::test]
async fn calls_that_differ_in_a_type_are_two_entries() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let mut wrong = Vec::new();
    for (name, first, second) in pairs() {
        let got = testing::scope(cache.clone(), async { [first.await, second.await] }).await;
        if got != ["users 1", "secrets 1"] {
            wrong.push(format!("{name}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let entries = cache.stats().entries;
    assert_eq!(entries, 2 * pairs().len() as u64, "and each is kept");
}

#[tokio::test]
async fn in_redis_too() {
    let redis = Redis::start();
    let node = || async {
        // Other tests of this program have functions with the same keys.
        let builder = cachekit_tests::builder().__seed(Fault::ShareNames);
        let builder = builder.redis(redis.url());
        builder.build().await.expect("a valid set-up")
    };
    let (one, other) = (node().await, node().await);
    let shared = |name: &str| name != "not async";
    let mut stores = 0;
    for (name, first, _) in pairs() {
        assert_eq!(
            testing::scope(one.clone(), first).await,
            "users 1",
            "{name}"
        );
        stores += u64::from(shared(name));
    }
    until("every first call is stored", || {
        one.stats().redis.stores == stores
    })
    .await;
    let mut wrong = Vec::new();
    for (name, _, second) in pairs() {
        let got = testing::scope(other.clone(), second).await;
        if got != "secrets 1" {
            wrong.push(format!("{name}: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(other.stats().redis_hits, 0);
    // Another process finds what it calls by the same types.
    for (_, first, _) in pairs() {
        testing::scope(other.clone(), first).await;
    }
    assert_eq!(other.stats().redis_hits, stores);
}

/// What makes no difference: for how long something is borrowed, and types by which only data comes.
struct Borrowing<'a>(&'a str);
impl Shared for Borrowing<'_> {}

impl Borrowing<'_> {
    #[cached(key = "borrowing:{id}")]
    pub async fn get(&self, id: u64) -> String {
        format!("{} {id}", self.0)
    }
}

trait Borrowed<'a> {
    async fn borrowed(&self, text: &'a str, id: u64) -> String;
}

impl<'a> Borrowed<'a> for Repo {
    #[cached(key = "borrowed:{id}", skip(text))]
    async fn borrowed(&self, text: &'a str, id: u64) -> String {
        format!("{text} {id}")
    }
}

#[cached(key = "data:{name.as_ref()}:{count}")]
async fn data(name: impl AsRef<str> + Send, count: &(impl Display + ?Sized + Sync)) -> String {
    format!("{} {count}", name.as_ref())
}

#[cached(key = "executor:{id}", skip(executor))]
async fn executor(executor: impl Entity, id: u64) -> String {
    format!("{} {id}", executor.table())
}

#[tokio::test]
async fn lifetimes_data_and_what_is_skipped_make_no_difference() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache.clone(), async {
        let local = "local".to_owned();
        assert_eq!(Borrowing("static").get(1).await, "static 1");
        assert_eq!(Borrowing(&local).get(1).await, "static 1");
        assert_eq!(Repo.borrowed("static", 1).await, "static 1");
        assert_eq!(Repo.borrowed(&local, 1).await, "static 1");
        assert_eq!(data("ann", "7").await, "ann 7");
        assert_eq!(data("ann".to_owned(), &7).await, "ann 7");
        assert_eq!(executor(User, 1).await, "users 1");
        assert_eq!(executor(Secret, 1).await, "users 1");
    })
    .await;
    assert_eq!(cache.stats().entries, 4);
}

/// Types that no name can tell apart.
#[cached(key = "closure:{id}")]
async fn closure<F: Fn(u64) -> u64>(f: &F, id: u64) -> u64 {
    f(id)
}

#[cached(key = "named_closure:{F}:{id}", skip(f))]
async fn named_closure<F: Fn(u64) -> u64>(f: F, id: u64) -> u64 {
    f(id)
}

#[cached(key = "anonymous_closure:{id}")]
async fn anonymous_closure(f: &impl Fn(u64) -> u64, id: u64) -> u64 {
    f(id)
}

trait Apply {
    async fn apply(&self, id: u64) -> u64;
}

impl<F: Fn(u64) -> u64> Apply for F {
    #[cached(key = "apply:{id}", skip(self))]
    async fn apply(&self, id: u64) -> u64 {
        self(id)
    }
}

#[cached(key = "logged:{id}", name = "logged")]
async fn logged(f: &impl Fn(u64) -> u64, id: u64) -> u64 {
    f(id)
}

#[cached(key = "logged_too:{id}", name = "logged_too")]
async fn logged_too(f: &impl Fn(u64) -> u64, id: u64) -> u64 {
    f(id)
}

#[tokio::test]
async fn what_is_not_cached_is_logged_once_for_each_function() {
    let log = Capture::default();
    let cache = Cache::builder().build().await.expect("a valid set-up");
    let calls = testing::scope(cache, async {
        for id in [1, 2] {
            logged(&|id| id, id).await;
            logged_too(&|id| id, id).await;
        }
    });
    let guard = tracing::subscriber::set_default(log.clone());
    calls.await;
    drop(guard);
    let said: Vec<_> = log
        .take()
        .into_iter()
        .filter(|line| line.level == tracing::Level::WARN)
        .collect();
    assert_eq!(said.len(), 2, "{said:?}");
    for (line, name) in said.iter().zip(["logged", "logged_too"]) {
        assert!(
            line.text.contains("not cached") && line.text.contains(name),
            "{line:?}"
        );
    }
}

/// Two types of one name, which a template can tell apart.
#[cached(key = "table:{T::TABLE}:{id}")]
async fn table<T: Entity>(id: u64) -> String {
    row::<T>(id)
}

#[tokio::test]
async fn what_a_type_says_of_itself_tells_types_of_one_name_apart() {
    macro_rules! local {
        ($table:literal) => {{
            struct Row;
            impl Entity for Row {
                const TABLE: &'static str = $table;
            }
            (table::<Row>(1).await, std::any::type_name::<Row>())
        }};
    }
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache, async {
        let (one, name) = local!("ones");
        let (two, other) = local!("twos");
        assert_eq!(name, other);
        assert_eq!([one, two], ["ones 1", "twos 1"]);
    })
    .await;
}

fn double(id: u64) -> u64 {
    id * 2
}

#[tokio::test]
async fn closures_are_not_cached_but_functions_are() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache.clone(), async {
        for more in [1, 2] {
            assert_eq!(closure(&|id| id + 1, 1).await, 2, "{more}");
            assert_eq!(closure(&|id| id + 2, 1).await, 3, "{more}");
            assert_eq!(named_closure(|id| id + 1, 1).await, 2, "{more}");
            assert_eq!(named_closure(|id| id + 2, 1).await, 3, "{more}");
            assert_eq!(anonymous_closure(&|id| id + 1, 1).await, 2, "{more}");
            assert_eq!(anonymous_closure(&|id| id + 2, 1).await, 3, "{more}");
            assert_eq!((|id| id + 1).apply(1).await, 2, "{more}");
            assert_eq!((|id| id + 2).apply(1).await, 3, "{more}");
        }
        assert_eq!(cache.stats().entries, 0);
        for _ in [1, 2] {
            assert_eq!(closure(&double, 1).await, 2);
            assert_eq!(anonymous_closure(&double, 1).await, 2);
            assert_eq!(double.apply(1).await, 2);
        }
        assert_eq!((cache.stats().entries, cache.stats().computations), (3, 3));
    })
    .await;
}

impl<T: Entity> Store<T> {
    #[invalidates(self.inherent(id), Self::elsewhere(self, id), self.in_parts::<u8>(id, _))]
    async fn write(&self, id: u64) {
        let _ = id;
    }
}

#[invalidates(anonymous(*entity, id), free::<T>(id), free_const::<1>(id), Repo.anonymous_in_method(*entity, id))]
async fn write<T: Entity>(entity: &T, id: u64) {
    let _ = (entity, id);
}

/// Controls and references spell the key that the function has.
#[tokio::test]
async fn controls_name_the_entry_of_the_call() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache.clone(), async {
        let (users, secrets) = (Store(User), Store(Secret));
        let calls = async || {
            assert_eq!(users.inherent(1).await, "users 1");
            assert_eq!(secrets.inherent(1).await, "secrets 1");
            users.elsewhere(1).await;
            users.in_parts(1, &0_u8).await;
            anonymous(&User, 1).await;
            anonymous(&Secret, 1).await;
            free::<User>(1).await;
            free_const::<1>(1).await;
            Repo.anonymous_in_method(&User, 1).await;
        };
        calls().await;
        let user = Some("users 1");
        assert_eq!(users.inherent_entry(1).get().await.as_deref(), user);
        assert_eq!(users.elsewhere_entry(1).get().await.as_deref(), user);
        assert_eq!(users.in_parts_entry::<u8>(1).get().await.as_deref(), user);
        assert_eq!(anonymous::entry(&User, 1).get().await.as_deref(), user);
        assert_eq!(free::entry::<User>(1).get().await.as_deref(), user);
        assert_eq!(free_const::entry::<1>(1).get().await.as_deref(), user);
        let method = Repo.anonymous_in_method_entry(&User, 1);
        assert_eq!(method.get().await.as_deref(), user);
        let secret = anonymous::entry(&Secret, 1).get().await;
        assert_eq!(secret.as_deref(), Some("secrets 1"));

        let before = cache.stats().computations;
        users.write(1).await;
        write(&User, 1).await;
        calls().await;
        let again = cache.stats().computations - before;
        assert_eq!(again, 7, "all but those of `Secret`");
        anonymous::refresh(&User, 1).await;
        assert_eq!(cache.stats().computations - before, 8);
    })
    .await;
}

/// Keys of what has no such types are as they were.
#[tokio::test]
async fn types_are_in_a_key_only_where_there_are_some() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache, async {
        assert_eq!(
            Store(User).inherent_entry(1).key(),
            "inherent:1;keys%3A%3Atypes%3A%3AStore%3Ckeys%3A%3Atypes%3A%3AUser%3E"
        );
        assert_eq!(data::entry("ann", "7").key(), "data:ann:7");
        assert_eq!(executor::entry(1).key(), "executor:1");
        assert_eq!(
            anonymous::entry(&User, 1).key(),
            "anonymous:1;keys%3A%3Atypes%3A%3AUser"
        );
    })
    .await;
}

/// Traits of its own, which have the names of std's.
mod own {
    pub(super) trait Debug {
        fn table(&self) -> &'static str;
    }
}

struct Users;
struct Orders;

impl own::Debug for Users {
    fn table(&self) -> &'static str {
        "users"
    }
}

impl own::Debug for Orders {
    fn table(&self) -> &'static str {
        "orders"
    }
}

#[cached(key = "own:{id}", tier = memory)]
fn by_path(table: &impl own::Debug, id: u64) -> String {
    format!("{} {id}", table.table())
}

mod in_scope {
    use super::cached;
    use super::own::Debug;

    #[cached(key = "in-scope:{id}", tier = memory)]
    pub(super) fn by_name(table: &impl Debug, id: u64) -> String {
        format!("{} {id}", table.table())
    }
}

#[tokio::test]
async fn a_trait_that_is_called_as_one_of_std_gives_more_than_data() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache, async {
        assert_eq!(by_path(&Users, 1), "users 1");
        assert_eq!(by_path(&Orders, 1), "orders 1");
        assert_eq!(in_scope::by_name(&Users, 1), "users 1");
        assert_eq!(in_scope::by_name(&Orders, 1), "orders 1");
    })
    .await;
}

/// A name of a pattern that is skipped skips no other's type.
#[cached(key = "beside_a_skipped_name:{entity.id()}", skip(trace))]
async fn beside_a_skipped_name((entity, trace): (impl Entity, u64)) -> String {
    let _ = trace;
    entity.table().to_owned()
}

/// One text for two values that are no longer the same where they are seen in another way.
#[cached(key = "seen_in_two_ways:{value}")]
async fn seen_in_two_ways(value: impl Display + Debug) -> String {
    format!("{value:?}")
}

#[cached(key = "converted_in_two_ways:{value.as_ref()}")]
async fn converted_in_two_ways(value: impl AsRef<str> + Into<String>) -> String {
    value.into()
}

struct Loud;
impl AsRef<str> for Loud {
    fn as_ref(&self) -> &'static str {
        "quiet"
    }
}
impl From<Loud> for String {
    fn from(_: Loud) -> Self {
        "LOUD".to_owned()
    }
}

#[tokio::test]
async fn a_type_is_left_out_only_where_it_makes_no_difference() {
    let cache = Cache::builder().build().await.expect("a valid set-up");
    testing::scope(cache, async {
        assert_eq!(beside_a_skipped_name((User, 1)).await, "users");
        assert_eq!(beside_a_skipped_name((Secret, 1)).await, "secrets");
        assert_eq!(seen_in_two_ways(7).await, "7");
        assert_eq!(seen_in_two_ways("7").await, "\"7\"");
        assert_eq!(converted_in_two_ways("quiet").await, "quiet");
        assert_eq!(converted_in_two_ways(Loud).await, "LOUD");
    })
    .await;
}
