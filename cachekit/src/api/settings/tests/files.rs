//! Configuration files that are right.

use super::EXAMPLES;
use crate::api::settings::environment::Environment;
use crate::api::settings::file::parse;
use crate::api::settings::setting::SETTINGS;
use crate::model::config::Config;
use crate::model::function_override::Configuration;

#[test]
fn every_setting_is_read() {
    for (setting, (table, key, value, shown)) in SETTINGS.iter().zip(EXAMPLES) {
        let text = format!("# a comment\n[{table}]\n{key} = {value}\n");
        let source = parse("cachekit.toml".to_owned(), text).unwrap();
        let mut config = Config::default();
        source.apply(&mut config);
        assert_eq!((setting.show)(&config), *shown, "{key}");
        let lines: Vec<usize> = source.settings.iter().map(|it| it.line).collect();
        assert_eq!(lines, [3]);
    }
}

/// With the feature `http`, `http/rules/tests/files.rs` tests the rules.
#[cfg(not(feature = "http"))]
#[test]
fn rules_of_http_need_their_feature() {
    let text = "[cache]\ndefault_ttl = 60\n[http]\n".to_owned();
    assert_eq!(
        parse("cachekit.toml".to_owned(), text).unwrap_err(),
        [
            "cachekit.toml:3: `[http]` needs the feature `http` of cachekit; enable it, or remove \
             the table"
        ]
    );
}

#[test]
fn no_debug_form_shows_a_value() {
    let text = "[redis]\npassword = \"hunter2\"\nurl = \"redis://:hunter2@host\"\n".to_owned();
    let source = parse("cachekit.toml".to_owned(), text).unwrap();
    let variable = ("REDIS_PASSWORD".into(), "hunter2".into());
    let environment = Environment::of([variable]);
    let configuration = Configuration {
        file: Some(("cachekit.toml".to_owned(), source.written())),
        ..Configuration::default()
    };
    let shown = format!("{source:?} {environment:?} {configuration:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    for name in ["password", "REDIS_PASSWORD", "cachekit.toml"] {
        assert!(shown.contains(name), "{shown}");
    }
}
