//! The table of settings is complete.

use std::collections::BTreeSet;

use super::EXAMPLES;
use crate::api::settings::function_option::{ATTRIBUTE_ONLY, FUNCTION_OPTIONS};
use crate::api::settings::setting::SETTINGS;
use crate::model::config::Config;
use crate::model::function_override::FunctionOverride;

/// Returns the names of the fields whose lines differ in the `Debug` output of two values.
fn differing(one: &impl std::fmt::Debug, other: &impl std::fmt::Debug) -> BTreeSet<String> {
    let [one, other] = [fields(one), fields(other)];
    let differing = one.iter().zip(&other).filter(|(one, other)| one != other);
    differing.map(|((name, _), _)| name.clone()).collect()
}

/// Returns the fields of a struct with their values, from its `Debug` output.
fn fields(value: &impl std::fmt::Debug) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in format!("{value:#?}").lines() {
        let field = line
            .strip_prefix("    ")
            .filter(|rest| !rest.starts_with([' ', ')', '}']));
        match field.and_then(|field| field.split_once(": ")) {
            Some((name, start)) => fields.push((name.to_owned(), start.to_owned())),
            None => {
                if let Some((_, value)) = fields.last_mut() {
                    value.push_str(line);
                }
            }
        }
    }
    fields
}

#[test]
fn every_field_of_the_configuration_is_a_setting() {
    let mut set = BTreeSet::new();
    for (setting, (table, key, value, _)) in SETTINGS.iter().zip(EXAMPLES) {
        assert_eq!(
            (setting.table, setting.key),
            (*table, *key),
            "an example for each row"
        );
        let mut config = Config::default();
        (setting.read)(&mut config, value.trim_matches('"')).unwrap();
        let changed = differing(&config, &Config::default());
        assert_eq!(changed.len(), 1, "{key}: {changed:?}");
        set.extend(changed);
    }
    assert_eq!(SETTINGS.len(), EXAMPLES.len());
    let all = fields(&Config::default()).into_iter().map(|(name, _)| name);
    assert_eq!(set, all.collect::<BTreeSet<_>>());
}

#[test]
fn a_value_is_read_as_it_is_shown() {
    for (setting, (_, key, value, shown)) in SETTINGS.iter().zip(EXAMPLES) {
        let mut config = Config::default();
        (setting.read)(&mut config, value.trim_matches('"')).unwrap();
        assert_eq!((setting.show)(&config), *shown, "{key}");
        let mut again = Config::default();
        (setting.read)(&mut again, shown).unwrap();
        assert_eq!((setting.show)(&again), *shown, "{key}");
    }
}

#[test]
fn names_are_unique() {
    let names: [fn(usize) -> String; 3] = [
        |it| format!("{}.{}", SETTINGS[it].table, SETTINGS[it].key),
        |it| SETTINGS[it].variable.to_owned(),
        |it| SETTINGS[it].method.to_owned(),
    ];
    for name in names {
        let all: BTreeSet<String> = (0..SETTINGS.len()).map(name).collect();
        assert_eq!(all.len(), SETTINGS.len());
    }
    let options: BTreeSet<&str> = FUNCTION_OPTIONS.iter().map(|it| it.key).collect();
    assert_eq!(options.len(), FUNCTION_OPTIONS.len());
    assert!(ATTRIBUTE_ONLY.iter().all(|key| !options.contains(key)));
}

/// Fields of the options of functions that no file sets: `has_fixed_ttl` comes with `ttl`, and
/// `detach_limit` is for HTTP responses.
const NOT_IN_FILES: &[&str] = &["has_fixed_ttl", "detach_limit"];

#[test]
fn every_option_of_functions_is_in_the_table() {
    let values = [
        "false", "7", "8", "9", "1.5", "names", "3", "true", "6", "5", "0.5", "redis", "30", "20",
        "40", "100", "4", "off", "11", "12", "64", "json", "true", "false",
    ];
    assert_eq!(values.len(), FUNCTION_OPTIONS.len(), "a value for each row");
    let mut set = BTreeSet::from(["options".to_owned()]);
    for (option, value) in FUNCTION_OPTIONS.iter().zip(values) {
        let mut own = FunctionOverride::DEFAULT;
        (option.read)(&mut own, value).unwrap();
        assert_ne!(own, FunctionOverride::DEFAULT, "{}", option.key);
        set.extend(differing(&own.options, &FunctionOverride::DEFAULT.options));
        set.extend(own.capacity.map(|_| "capacity".to_owned()));
        let mut again = FunctionOverride::DEFAULT;
        (option.read)(&mut again, &(option.show)(&own)).unwrap();
        assert_eq!(own, again, "{}", option.key);
    }
    let inner = fields(&FunctionOverride::DEFAULT.options);
    let outer = fields(&FunctionOverride::DEFAULT);
    let all = inner.into_iter().chain(outer).map(|(name, _)| name);
    let all = all.filter(|name| !NOT_IN_FILES.contains(&name.as_str()));
    set.retain(|name| !NOT_IN_FILES.contains(&name.as_str()));
    assert_eq!(set, all.collect::<BTreeSet<_>>());
}
