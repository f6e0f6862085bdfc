//! Options of functions from files.

use std::time::Duration;

use crate::api::settings::file::parse;
use crate::api::settings::functions::resolve;
use crate::model::entry_options::EntryOptions;
use crate::model::function_override::{FunctionOverride, FunctionOverrides};
use crate::model::function_spec::FnSpec;

static ONE: FnSpec = FnSpec::new(|| "", "shop.rs", 1)
    .named("shop::catalog::one")
    .ttl(Duration::from_secs(300))
    .jitter(0.5);
static ALL: FnSpec = FnSpec::new(|| "", "shop.rs", 2).named("shop::catalog::all");
static OTHER: FnSpec = FnSpec::new(|| "", "shop.rs", 3)
    .named("shop::other")
    .stale(Duration::from_secs(60))
    .capacity(10);

fn resolved(text: &str) -> FunctionOverrides {
    let source = parse("cachekit.toml".to_owned(), text.to_owned()).unwrap();
    resolve(&source, &[&ONE, &ALL, &OTHER]).unwrap()
}

fn of(overrides: &FunctionOverrides, spec: &'static FnSpec) -> FunctionOverride {
    let found = overrides.of.get(&spec.id()).copied();
    found.unwrap_or_else(|| panic!("nothing of {}", spec.name()))
}

#[test]
fn a_file_takes_precedence_over_the_attribute() {
    let overrides = resolved("[functions.\"shop::catalog::one\"]\nttl = \"1m\"\n");
    let expected = EntryOptions {
        ttl: Some(Duration::from_secs(60)),
        has_fixed_ttl: true,
        ..ONE.options()
    };
    assert_eq!(of(&overrides, &ONE).options, expected);
    assert!(expected.jitter > 0.4, "of the attribute");
    assert_eq!(overrides.of.len(), 1);
}

#[test]
fn the_name_takes_precedence_over_patterns_and_the_longest_of_these() {
    let text = "\
        [functions.\"shop::catalog::one\"]\nttl = 1\n\
        [functions.\"*\"]\nttl = 3\njitter = 0.25\nlock_timeout = 3\n\
        [functions.\"shop::catalog::*\"]\nttl = 2\nlock_timeout = 2\n";
    let overrides = resolved(text);
    let seconds = |length: Option<Duration>| length.map(|it| it.as_secs());
    let shown = |spec| {
        let options = of(&overrides, spec).options;
        (
            seconds(options.ttl),
            seconds(options.lock_timeout),
            options.jitter.to_string(),
        )
    };
    assert_eq!(shown(&ONE), (Some(1), Some(2), "0.25".to_owned()));
    assert_eq!(shown(&ALL), (Some(2), Some(2), "0.25".to_owned()));
    assert_eq!(shown(&OTHER), (Some(3), Some(3), "0.25".to_owned()));
}

#[test]
fn what_the_attribute_has_can_change_and_be_turned_off() {
    let overrides = resolved("[functions.\"shop::other\"]\nstale = 5\ncapacity = 99\n");
    let own = of(&overrides, &OTHER);
    assert_eq!(own.options.stale, Some(Duration::from_secs(5)));
    assert_eq!(own.capacity, Some(99));
    let overrides = resolved("[functions.\"shop::*\"]\nstale = 0\ndetach = false\n");
    assert_eq!(of(&overrides, &OTHER).options.stale, None);
    assert_eq!(of(&overrides, &ONE).options, ONE.options());
}
