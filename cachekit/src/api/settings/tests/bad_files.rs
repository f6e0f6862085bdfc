//! Files that cannot be used, with the messages that say so.

use std::time::Duration;

use crate::api::settings::file::parse;
use crate::api::settings::functions::resolve;
use crate::model::config::Tier;
use crate::model::function_spec::FnSpec;

static GET_USER: FnSpec = FnSpec::new(|| "", "shop.rs", 1).named("shop::get_user");
static PRICE: FnSpec = FnSpec::new(|| "", "shop.rs", 2)
    .named("shop::price")
    .stale(Duration::from_secs(60));
static LOCAL: FnSpec = FnSpec::new(|| "", "shop.rs", 3)
    .named("shop::local")
    .tier(Tier::Memory);
static SHARED: FnSpec = FnSpec::new(|| "", "shop.rs", 4)
    .named("shop::shared")
    .tier(Tier::Redis);

/// Returns the problems of a file, without the name of the file.
fn problems(text: &str) -> String {
    let parsed = parse("cachekit.toml".to_owned(), text.to_owned());
    let all = [&GET_USER, &PRICE, &LOCAL, &SHARED];
    let problems = parsed.and_then(|source| resolve(&source, &all).map(drop));
    let problems = problems.expect_err(text).join("\n");
    problems.replace("cachekit.toml:", "")
}

/// Files, each with its messages.
const FILES: &[(&str, &str)] = &[
    (
        "[cache\n",
        "1: this is not TOML: unclosed table, expected `]`; correct the line",
    ),
    (
        "[chache]\n",
        "1: unknown table `chache`; did you mean `cache`?",
    ),
    (
        "default_ttl = 5\n",
        "1: unknown table `default_ttl`; the known ones are `cache`, `redis`, `functions`, `http`",
    ),
    (
        "[function.\"shop::price\"]\n",
        "1: unknown table `function`; did you mean `functions`?",
    ),
    ("cache = 5\n", "1: `cache` is not a table; write `[cache]`"),
    (
        "[cache]\n\ndefault_tll = 5\n",
        "3: unknown key `default_tll` in `[cache]`; did you mean `default_ttl`?",
    ),
    (
        "[cache]\nredis_timeout = 5\n",
        "2: unknown key `redis_timeout` in `[cache]`; write `timeout` in `[redis]`",
    ),
    (
        "[redis]\nengine = 5\n",
        "2: unknown key `engine` in `[redis]`; write `engine` in `[cache]`",
    ),
    (
        "[cache]\ndefault_ttl = \"5 minutes\"\n",
        "2: `[cache]`: `default_ttl = \"5 minutes\"`: expected seconds (`300`) or a length of time \
         (`5m`, `1h30m`, `500ms`): the units are `ms`, `s`, `m`, `h`, `d` and `w`",
    ),
    (
        "[cache]\ndefault_ttl = -5\n",
        "2: `[cache]`: `default_ttl = -5`: it is negative; write zero or more",
    ),
    (
        "[cache]\nenabled = \"no\"\n",
        "2: `[cache]`: `enabled = \"no\"`: it is a string; write `true` or `false`",
    ),
    (
        "[cache]\nmemory_capacity = \"10 apples\"\n",
        "2: `[cache]`: `memory_capacity = \"10 apples\"`: expected a number of entries (`10000`) or \
         bytes (`64MB`, `512KiB`)",
    ),
    (
        "[redis]\nurl = 6379\n",
        "2: `[redis]`: `url`: it is an integer; write a string such as `\"text\"`",
    ),
    (
        "[redis]\npassword = \"hunter2\"\npassword_file = \"/run/p\"\n",
        "3: `[redis]`: `password_file` and `password` are both set; remove one of them",
    ),
    (
        "[redis]\nencryption_keys = \"one:01\"\nencryption_keys_file = \"/run/k\"\n",
        "3: `[redis]`: `encryption_keys_file` and `encryption_keys` are both set; remove one of them",
    ),
    (
        "[redis]\non_new_master = \"keep\"\n",
        "2: `[redis]`: `on_new_master = \"keep\"`: expected `clear` or `replay`",
    ),
    (
        "[functions]\n\"shop::price\" = 5\n",
        "2: `functions.shop::price` is not a table; write `[functions.\"shop::price\"]`",
    ),
    (
        "[functions.\"shop::get_usr\"]\nttl = 5\n",
        "1: no cached function is named `shop::get_usr`; did you mean `shop::get_user`?",
    ),
    (
        "[functions.\"get_user\"]\nttl = 5\n",
        "1: no cached function is named `get_user`; did you mean `shop::get_user`?",
    ),
    (
        "[functions.\"bank::pay\"]\nttl = 5\n",
        "1: no cached function is named `bank::pay`; write the full path of one, or the `name` of its \
         attribute: `Cache::config` shows them",
    ),
    (
        "[functions.\"bank::*\"]\nttl = 5\n",
        "1: no cached function has a name that begins with `bank::`; correct or remove the table",
    ),
    (
        "[functions.\"shop::price\"]\ntll = 5\n",
        "2: `[functions.\"shop::price\"]`: unknown key `tll`; did you mean `ttl`?",
    ),
    (
        "[functions.\"shop::price\"]\ntags = [\"a\"]\n",
        "2: `[functions.\"shop::price\"]`: `tags` is an option of the attribute alone, because the \
         function is compiled with it; change it there",
    ),
    (
        "[functions.\"shop::price\"]\nttl = 0\n",
        "2: `[functions.\"shop::price\"]`: `ttl = 0`: it is zero, and an entry would end at once; write \
         a longer time, or `enabled = false`",
    ),
    (
        "[functions.\"shop::get_user\"]\nstale = 5\n",
        "2: `[functions]`: `shop::get_user`: a file cannot turn on `stale`: a computation in the \
         background owns its arguments, and the compiler can only check that at the attribute; set \
         `stale` in the attribute, then a file can change its value",
    ),
    (
        "[functions.\"shop::price\"]\ntimeout = 5\n",
        "2: `[functions]`: `shop::price`: a file cannot turn on `timeout`: callers get an error of the \
         function's own, which the attribute makes; set `timeout` in the attribute, then a file can \
         change its value",
    ),
    (
        "[functions.\"shop::local\"]\ntier = \"both\"\n",
        "2: `[functions]`: `shop::local`: the function is compiled with `tier = memory`, so that its \
         values need not be made for Redis; remove `tier` from the attribute, then a file can set it",
    ),
    (
        "[functions.\"shop::price\"]\ntier = \"memory\"\nredis_ttl = 5\nsingle_flight = \"cluster\"\n",
        "3: `[functions]`: `shop::price`: `redis_ttl` is about Redis, where `tier = \"memory\"` stores \
         nothing; remove one of them\n\
         4: `[functions]`: `shop::price`: other processes are met in Redis, where `tier = \"memory\"` \
         stores nothing; write `single_flight = \"process\"`",
    ),
    (
        "[functions.\"shop::shared\"]\nidle = 5\n",
        "2: `[functions]`: `shop::shared`: `idle` is about memory, where `tier = \"redis\"` stores \
         nothing; remove one of them",
    ),
    (
        "[functions.\"shop::price\"]\nttl = 60\nidle = \"1m\"\n",
        "3: `[functions]`: `shop::price`: `idle` is not shorter than `ttl` or `memory_ttl`, and has no \
         effect; write a shorter time",
    ),
    (
        "[functions.\"shop::price\"]\nreplicas = 3\n",
        "2: `[functions]`: `shop::price`: `replicas` are of entries that only Redis has; write `tier = \
         \"redis\"` too",
    ),
    (
        "[functions.\"shop::*\"]\njitter = 2\nearly = true\ncapacity = 0\n",
        "2: `[functions.\"shop::*\"]`: `jitter = 2`: expected a share from 0 to 1 (`0.1`)\n\
         4: `[functions.\"shop::*\"]`: `capacity = 0`: it is zero, and memory would keep nothing; write \
         at least 1",
    ),
    (
        "[cache]\nenabled = 1\n[redis]\ntimout = 5\n[cach]\n",
        "2: `[cache]`: `enabled = 1`: it is an integer; write `true` or `false`\n\
         4: unknown key `timout` in `[redis]`; did you mean `timeout`?\n\
         5: unknown table `cach`; did you mean `cache`?",
    ),
];

#[test]
fn each_has_its_message() {
    assert!(FILES.len() >= 20);
    let wrong: Vec<String> = FILES
        .iter()
        .filter_map(|(text, expected)| {
            let found = problems(text);
            (found != *expected).then(|| format!("{text}-> {found}\nnot {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_secret_is_never_repeated() {
    let said = problems("[redis]\npassword = [\"hunter2\"]\nurl = { a = \"hunter2\" }\n");
    assert!(!said.contains("hunter2"), "{said}");
}
