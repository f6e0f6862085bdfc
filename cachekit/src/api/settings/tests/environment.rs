//! Settings from the environment.

use super::{EXAMPLES, environment};
use crate::api::settings::kind::Kind;
use crate::api::settings::setting::SETTINGS;
use crate::model::config::duration_text::CASES as LENGTHS;
use crate::model::config::{Config, SIZES};

/// Returns what the variables set, or else all problems.
fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
    let mut config = Config::default();
    let mut problems = Vec::new();
    environment(pairs).apply(&mut config, &mut problems);
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(problems.join("\n"))
    }
}

#[test]
fn every_variable_is_read() {
    for (setting, (_, _, value, shown)) in SETTINGS.iter().zip(EXAMPLES) {
        let config = read(&[(setting.variable, value.trim_matches('"'))]).unwrap();
        assert_eq!((setting.show)(&config), *shown, "{}", setting.variable);
    }
}

/// Checks that all settings of a length accept the same texts.
#[test]
fn every_length_is_read_alike() {
    let lengths = SETTINGS.iter().filter(|it| it.kind == Kind::Length);
    for setting in lengths {
        for (text, expected) in LENGTHS {
            let found = read(&[(setting.variable, text)]);
            if expected.is_ok() {
                assert!(found.is_ok(), "{}={text}: {found:?}", setting.variable);
            } else {
                let said = found.unwrap_err();
                assert!(said.starts_with(&format!(
                    "{}: cannot read `{text}`; expected",
                    setting.variable
                )));
            }
        }
    }
}

/// Checks that all settings of a size accept the same texts.
#[test]
fn every_size_is_read_alike() {
    for setting in SETTINGS.iter().filter(|it| it.kind == Kind::Size) {
        for (text, expected) in SIZES {
            let found = read(&[(setting.variable, text)]);
            assert_eq!(
                found.is_ok(),
                expected.is_some(),
                "{}={text}",
                setting.variable
            );
            if let Err(said) = found {
                assert!(
                    said.contains(setting.variable) && said.contains("512K"),
                    "{said}"
                );
            }
        }
    }
}

#[test]
fn every_problem_is_named_at_once() {
    let said = read(&[
        ("CACHE_MEMORY_CAPACITY", "10 apples"),
        ("CACHE_DEFAULT_TLL", "5m"),
        ("CACHE_ON_DISCONNECT", "sometimes"),
        ("CACHEKIT_CONFG", "cachekit.toml"),
        ("REDIS_PASSWORD", "secret"),
        ("REDIS_PASSWORD_FILE", "/run/secret"),
    ]);
    assert_eq!(
        said.unwrap_err(),
        "CACHE_DEFAULT_TLL: no setting has this name; did you mean `CACHE_DEFAULT_TTL`? Rename or \
         unset it\n\
         CACHEKIT_CONFG: no setting has this name; did you mean `CACHEKIT_CONFIG`? Rename or unset \
         it\n\
         CACHE_MEMORY_CAPACITY: cannot read `10 apples`; expected a number of entries (`10000`) or \
         bytes (`64MB`, `512KiB`)\n\
         CACHE_ON_DISCONNECT: cannot read `sometimes`; expected a length of time (`30s`), `bypass` or \
         `serve`\n\
         REDIS_PASSWORD_FILE: `REDIS_PASSWORD` is set too; unset one of them"
    );
}

#[test]
fn no_secret_is_given_twice() {
    for text in [
        "REDIS_PASSWORD",
        "REDIS_SENTINEL_PASSWORD",
        "CACHE_ENCRYPTION_KEYS",
    ] {
        let file = format!("{text}_FILE");
        let said = read(&[(text, "secret"), (&file, "/run/secret")]).unwrap_err();
        assert_eq!(
            said,
            format!("{file}: `{text}` is set too; unset one of them")
        );
    }
}

#[test]
fn names_of_other_programs_are_left_alone() {
    let others = [
        "CACHE_DIR",
        "CACHE_DRIVER",
        "CACHE_HOST",
        "CACHE_URL",
        "CACHE_TTL",
        "CACHE",
        "CACHEBUST",
    ];
    for name in others
        .into_iter()
        .chain(["CACHEKIT_TEST_ENGINE", "REDIS_HOST", "REDIS_TLS_URL"])
    {
        assert_eq!(
            read(&[(name, "of another")]),
            Ok(Config::default()),
            "{name}"
        );
    }
}

#[test]
fn an_empty_variable_is_none() {
    assert_eq!(
        read(&[("CACHE_DEFAULT_TTL", " "), ("CACHE_DEFAULT_TLL", "")]),
        Ok(Config::default())
    );
}

#[cfg(unix)]
#[test]
fn a_secret_is_never_repeated() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use crate::api::settings::environment::Environment;

    let secret = OsString::from_vec(b"hunter\xff2".to_vec());
    for name in ["REDIS_URL", "REDIS_PASSWORD"] {
        let variables = Environment::of([(OsString::from(name), secret.clone())]);
        let mut problems = Vec::new();
        variables.apply(&mut Config::default(), &mut problems);
        assert_eq!(
            problems,
            [format!(
                "{name}: is not UTF-8; percent-encode the bytes that are not"
            )]
        );
    }
}

#[cfg(not(feature = "config-file"))]
#[test]
fn a_file_needs_its_feature() {
    use std::path::Path;

    use crate::api::settings::read::read_source;

    let said = read_source(Path::new("cachekit.toml"))
        .unwrap_err()
        .join("\n");
    assert!(said.contains("the feature `config-file`") && said.contains("CACHEKIT_CONFIG"));
}
