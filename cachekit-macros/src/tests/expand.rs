//! Tests that compare expansions with files in `expand/`. With `CACHEKIT_BLESS=1`, they rewrite the
//! files.

use std::path::Path;

use proc_macro2::TokenStream;

use crate::pipeline;
use crate::tests::show::show;
use crate::tests::{messages, tokens};

/// Compares an expansion with the file `name` in `expand/`.
fn check(name: &str, expansion: &TokenStream) {
    assert!(messages(expansion).is_empty(), "{name}: {expansion}");
    let shown = show(expansion);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/tests/expand")
        .join(name)
        .with_extension("rs");
    if std::env::var_os("CACHEKIT_BLESS").is_some() {
        std::fs::write(&path, &shown).expect("the file can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        shown, expected,
        "{name} has changed; CACHEKIT_BLESS=1 accepts it"
    );
}

/// Puts an expanded method into an `impl`, so that the expansion can be formatted.
fn in_impl(expansion: &TokenStream) -> TokenStream {
    quote::quote!(impl Repo { #expansion })
}

#[test]
fn free_functions() {
    let cases = [
        (
            "free_fn",
            "key = \"user:{id}\", ttl = 300, tags = [\"users\", \"org:{ret.org_id}\"]",
            "/// Gets.\npub async fn get_user(pool: &PgPool, id: u64) -> Result<User, E> { body }",
        ),
        (
            "default_key",
            "",
            "async fn total(day: Date, unit: &str) -> u64 { body }",
        ),
        (
            "expressions",
            "key = \"<name>\", tags = [\"{id}:{ret.kind}\", ..ret.tags(name)], \
             ttl = Duration::from_secs(ret.age + id), store_if = ret.ok, when = id > 0, \
             skip(id), name = \"app::find\", none_ttl = \"90s\", jitter = 0.1, version = 2",
            "async fn find(name: &str, id: u64) -> Option<Item> { body }",
        ),
        (
            "generic_fn",
            "key = \"{id}\"",
            "async fn get<'a, T: Repo, U, const N: usize>(repo: &'a T, id: u64) -> U \
             where U: Load<T> { body }",
        ),
        (
            "own_cache",
            "cache = state.cache, key = \"{id}\", crate = crate::renamed",
            "async fn get(state: &State, id: u64) -> u64 { body }",
        ),
        (
            "tiers",
            "tier = both, memory_ttl = 30, redis_ttl = LONG, single_flight = cluster, \
             lock_timeout = \"1500ms\", codec = msgpack, compress",
            "async fn get(id: u64) -> u64 { body }",
        ),
        (
            "replicas",
            "tier = redis, replicas = 4",
            "async fn get(id: u64) -> u64 { body }",
        ),
        (
            "limits",
            "timeout = \"1500ms\", timeout_error = Error::Slow, max_computations = 64",
            "async fn get(id: u64) -> Result<u64, Error> { body }",
        ),
        (
            "in_memory",
            "tier = memory, single_flight = off",
            "fn get(id: u64) -> u64 { body }",
        ),
        (
            "no_companion",
            "companion = false",
            "async fn get(id: u64) { #![allow(x)] body }",
        ),
    ];
    for (name, args, item) in cases {
        check(name, &pipeline::cached(tokens(args), tokens(item)));
    }
}

#[test]
fn a_body_that_owns_what_it_needs() {
    let args = "key = \"{id}\", detach, timeout = 30";
    let item = "async fn get(pool: &Pool, id: u64) -> Result<u64, Error> { body }";
    check("detach", &pipeline::cached(tokens(args), tokens(item)));
}

#[test]
fn methods() {
    let args = "key = \"{self.tenant}:{id}\", tags = [\"t:{self.tenant}:{ret.kind}\"]";
    let item = "pub async fn get(&self, pool: &Pool, id: u64) -> Result<User, E> { body }";
    check(
        "method",
        &in_impl(&pipeline::cached(tokens(args), tokens(item))),
    );
    let item = "async fn get(self: Arc<Self>, id: u64) -> User { body }";
    check(
        "private_method",
        &in_impl(&pipeline::cached(tokens("key = \"{id}\""), tokens(item))),
    );
}

/// A route attribute, which defines a type of the function's name, prevents the companion type.
#[test]
fn routes() {
    let item = "#[get(\"/items/{id}\")] async fn item(id: Path<u64>) -> Result<Item, E> { body }";
    let args = "key = \"item:{id}\"";
    check("route", &pipeline::cached(tokens(args), tokens(item)));
    let named = pipeline::cached(tokens(&format!("{args}, companion = items")), tokens(item));
    assert!(
        named
            .to_string()
            .contains("__companion ! { companion : items ,"),
        "{named}"
    );
    // A word such as `get` in the arguments of another attribute does not make it a route
    // attribute.
    let other = "#[doc = \"get\"] #[instrument(get)] async fn item(id: u64) -> u64 { body }";
    let other = pipeline::cached(tokens(args), tokens(other));
    assert!(
        other
            .to_string()
            .contains("__companion ! { companion : item ,"),
        "{other}"
    );
}

#[test]
fn associated_functions() {
    let args = "key = \"{id}\", companion = Self";
    let item = "pub async fn find(db: &Db, id: u64) -> Result<Post, E> { body }";
    check(
        "associated",
        &in_impl(&pipeline::cached(tokens(args), tokens(item))),
    );
}

#[test]
fn writes() {
    let args = "get_user(_, id), users::list(..), self.get(id), Self::get(self, ret.id), \
                Repo::all::<T>(..), tags = [\"users\", \"org:{ret.org_id}:{id}\"], \
                keys = [\"user:{id}\", id, ..ids], events = [\"changed\"], soft, if = ret.changed";
    let item = "#[must_use] async fn save(&self, id: u64, user: User) -> Result<User, E> { body }";
    check(
        "invalidates",
        &in_impl(&pipeline::invalidates(tokens(args), tokens(item))),
    );
    let item = "async fn save(user: User) -> Result<u64, E> { body }";
    let args = "get_user(_, user.id)";
    check(
        "write_through",
        &pipeline::write_through(tokens(args), tokens(item)),
    );
    let args = "crate::get::<Pg>(_, user.id), value = User { version: ret, ..user }";
    check(
        "write_through_value",
        &pipeline::write_through(tokens(args), tokens(item)),
    );
    let args = "get_user(_, user.id), order_by = ret.version";
    check(
        "write_through_ordered",
        &pipeline::write_through(tokens(args), tokens(item)),
    );
    let args = "get_user(_, user.id), order_by = ret, value = User { version: ret, ..user }";
    check(
        "write_through_ordered_value",
        &pipeline::write_through(tokens(args), tokens(item)),
    );
}

#[test]
fn queued_writes() {
    let entry = "get_cart(_, user), value = cart, skip(pool), every = \"100ms\", retries = 2";
    let save = "/// Saves.\n#[instrument] #[must_use] pub async fn save_cart(pool: &Pool, user: u64, \
                mut cart: Cart, write: QueuedWrite) -> Result<(), E> { body }";
    let items = "key = \"views:{view.page}\", each(view in views), batch = 500, when_full = fail, \
                 codec = json, skip(pool)";
    let add = "async fn add_views(pool: Pool, views: Vec<View>, writes: Vec<QueuedWrite>) \
               -> Result<(), E> { body }";
    let cases = [
        ("write_behind", entry, save),
        ("write_behind_items", items, add),
        (
            "write_behind_borrowed",
            "key = \"note:{text}\", each, name = \"notes\", cache = notes()",
            "async fn note(text: &str, ids: &[u64]) -> Result<(), E> { body }",
        ),
    ];
    for (name, args, item) in cases {
        check(name, &pipeline::write_behind(tokens(args), tokens(item)));
    }
}

const KEYS: [&str; 4] = [
    "",
    "key = \"user:{id}\"",
    "key = \"user:{id}:{name}\"",
    "key = \"<id>\"",
];

const OPTIONS: [&str; 5] = [
    "",
    "ttl = 300, stale = 60, stale_if_error = \"1h\"",
    "ttl = \"5m\", tags = [\"users\"]",
    "ttl = 300, tags = [\"users\", \"org:{ret.org}\"]",
    "none_ttl = 30, events = [\"user.changed\"], jitter = 0.1",
];

const FUNCTIONS: [&str; 5] = [
    "pub async fn get_user(id: u64, name: &str) -> Result<User, Error> { body }",
    "async fn find(id: UserId, name: &str) -> Option<Arc<User>> { body }",
    "pub(crate) async fn count(id: u64, name: String) -> u64 { body }",
    "async fn get(&self, id: u64, name: &str) -> Result<User, Error> { body }",
    "pub async fn get(&self, id: u64, name: &str) -> Result<Option<User>, Error> { body }",
];

/// Returns the number of lines in the expansion of `#[cached(args)]` on `function`, without the
/// line of the body.
fn length(args: &str, function: &str) -> usize {
    let expansion = pipeline::cached(tokens(args), tokens(function));
    assert!(messages(&expansion).is_empty(), "{args}: {expansion}");
    let in_impl = syn::parse2(in_impl(&expansion)).ok();
    let around = if in_impl.is_some() { 2 } else { 0 };
    let file = in_impl.or_else(|| syn::parse2(expansion).ok());
    let shown = prettyplease::unparse(&file.expect("items"));
    let function_at = shown.find("fn ").expect("a function");
    let controls_at = shown.find("__companion!").or(shown.find("__siblings!"));
    assert!(
        controls_at.is_none_or(|at| function_at < at),
        "the function comes first"
    );
    shown.lines().count() - around - 1
}

/// Each of a hundred typical functions has an expansion of at most 30 lines.
#[test]
fn expansions_are_short() {
    let mut lengths = Vec::new();
    for (key, options) in KEYS
        .iter()
        .flat_map(|key| OPTIONS.map(|options| (key, options)))
    {
        for function in FUNCTIONS {
            let forgotten = [
                ("self", function.contains("&self")),
                ("name", !key.is_empty() && !key.contains("name")),
            ];
            let forgotten: Vec<&str> = forgotten.iter().filter(|it| it.1).map(|it| it.0).collect();
            let skip = format!("skip({})", forgotten.join(", "));
            let skip = if forgotten.is_empty() { "" } else { &skip };
            let parts = [*key, options, skip];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let args = parts.join(", ");
            lengths.push((length(&args, function), format!("{args} {function}")));
        }
    }
    assert_eq!(lengths.len(), 100);
    lengths.sort();
    let (median, longest) = (lengths[50].0, &lengths[99]);
    // A fifth of these lines are the labels of the template macros' arguments.
    assert!(longest.0 <= 30, "median {median}, longest {longest:?}");
}

/// An argument in neither `key` nor `skip` adds at most four lines to an expansion, for its error
/// message.
#[test]
fn what_is_left_out_is_judged_in_four_lines() {
    let function = "pub async fn get_user(pool: &PgPool, id: u64) -> User { body }";
    let skipped = length("key = \"user:{id}\", skip(pool)", function);
    let left_out = length("key = \"user:{id}\"", function);
    assert!(left_out <= skipped + 4, "{left_out} and {skipped}");
}

#[test]
fn derives() {
    let cases = [
        (
            "derive_struct",
            "struct Page<T> { number: u32, #[doc = \"x\"] filter: T }",
        ),
        ("derive_newtype", "struct Id(u64);"),
        (
            "derive_unit",
            "#[cachekit(crate = crate::renamed)] struct All;",
        ),
        (
            "derive_enum",
            "enum Sort { Asc, By(String, u8), Field { name: String } }",
        ),
        ("derive_empty", "enum Never {}"),
    ];
    for (name, item) in cases {
        check(name, &pipeline::derive_cache_key(tokens(item)));
    }
}
