//! The names of metrics and labels in expressions of `PromQL`.

use std::collections::BTreeSet;

/// What an expression names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Metrics, each with the labels in its braces.
    pub(crate) metrics: Vec<(String, Vec<String>)>,
    /// Labels that sums keep: `by (..)`.
    pub(crate) kept: BTreeSet<String>,
}

/// Reads the names in `expr`. A metric is a word with `cachekit_` in it: recorded ones have a
/// prefix that ends with a colon.
pub(crate) fn named(expr: &str) -> Named {
    let mut named = Named::default();
    let mut rest = expr;
    while let Some((word, behind)) = next_word(rest) {
        rest = behind;
        let follows = behind.trim_start();
        if word.contains("cachekit_") {
            let braces = follows.strip_prefix('{');
            let matchers = braces.map(|it| it.split('}').next().unwrap_or_default());
            let labels = matchers.map(labels_of).unwrap_or_default();
            named.metrics.push((word.to_owned(), labels));
        } else if word == "by" {
            let list = follows.strip_prefix('(').expect("a list");
            let list = list.split(')').next().unwrap_or_default();
            let labels = list.split(',').map(|it| it.trim().to_owned());
            named.kept.extend(labels);
        }
    }
    named
}

/// The first word of `text` that is not in quotes, and what follows it.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let is_in_word = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == ':';
    let is_first = |it: char| it.is_ascii_alphabetic() || it == '_';
    let start = text.find(|it: char| is_first(it) || it == '"')?;
    let found = &text[start..];
    if let Some(quoted) = found.strip_prefix('"') {
        let (_, behind) = quoted.split_once('"').expect("the end of a text");
        return next_word(behind);
    }
    let end = found.find(|it| !is_in_word(it)).unwrap_or(found.len());
    Some(found.split_at(end))
}

/// The labels of matchers such as `a="b",c=~"d"`.
fn labels_of(matchers: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = matchers;
    while let Some((word, behind)) = next_word(rest) {
        labels.push(word.to_owned());
        rest = behind;
    }
    labels
}

#[test]
fn names_are_found_in_an_expression() {
    let expr = r#"histogram_quantile(0.9, sum by (le, x) (rate(cachekit_a_bucket{f=~"$no", n!="b"}[5m])))
        / up:cachekit_b:rate5m + sum(cachekit_c)"#;
    let named = named(expr);
    let braces = vec!["f".to_owned(), "n".to_owned()];
    assert_eq!(
        named.metrics,
        [
            ("cachekit_a_bucket".to_owned(), braces),
            ("up:cachekit_b:rate5m".to_owned(), vec![]),
            ("cachekit_c".to_owned(), vec![]),
        ]
    );
    assert_eq!(named.kept, ["le", "x"].map(str::to_owned).into());
}
