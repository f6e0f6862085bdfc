//! Tests of rules.

mod bad_files;
mod builder;
mod decisions;
mod files;
mod keys;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::http::rules::rule_set::RuleSet;

/// Reads rules that are right.
fn rules(text: &str) -> RuleSet {
    RuleSet::from_toml_str(text).unwrap()
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// Returns header fields. `pairs` may have a name several times.
fn fields(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}
