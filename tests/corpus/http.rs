//! Requests and responses through the HTTP layer: a corpus, and mutations of it.

use std::fs;
use std::path::PathBuf;

use cachekit_tests::http_exchange::exchange_anything;

use crate::mutations;

const MUTATIONS: usize = 4_000;

/// Fields of the first request, status and fields of the response, fields of the second request.
/// All requests are for one path.
type Exchange = (&'static str, &'static str, &'static str);

const EXCHANGES: &[(&str, Exchange)] = &[
    ("plain", ("", "200\ncache-control: max-age=60", "")),
    (
        "no-store",
        ("", "200\ncache-control: no-store, max-age=60", ""),
    ),
    ("private", ("", "200\ncache-control: private", "")),
    (
        "private-field",
        (
            "",
            "200\ncache-control: private=\"x-a\", max-age=9\nx-a: 1",
            "",
        ),
    ),
    (
        "no-cache-etag",
        ("", "200\ncache-control: no-cache\netag: \"a\"", ""),
    ),
    (
        "quoted",
        ("", "200\ncache-control: a=\"no-store, max-age=60\"", ""),
    ),
    (
        "understood",
        (
            "",
            "200\ncache-control: must-understand, no-store, max-age=60",
            "",
        ),
    ),
    (
        "targeted",
        (
            "",
            "200\ncdn-cache-control: max-age=60\ncache-control: no-store",
            "",
        ),
    ),
    (
        "expires",
        ("", "200\nexpires: Fri, 31 Dec 9999 23:59:59 GMT", ""),
    ),
    (
        "heuristic",
        ("", "200\nlast-modified: Sat, 01 Jan 2000 00:00:00 GMT", ""),
    ),
    (
        "age",
        ("", "200\ncache-control: max-age=60\nage: 59, 7", ""),
    ),
    (
        "set-cookie",
        ("", "200\ncache-control: max-age=60\nset-cookie: a=b", ""),
    ),
    (
        "cookie",
        (
            "cookie: a=b",
            "200\ncache-control: max-age=60",
            "cookie: a=c",
        ),
    ),
    (
        "authorization",
        ("authorization: b", "200\ncache-control: max-age=60", ""),
    ),
    (
        "authorization-public",
        (
            "authorization: b",
            "200\ncache-control: public, max-age=60",
            "",
        ),
    ),
    (
        "vary",
        (
            "accept: a",
            "200\ncache-control: max-age=60\nvary: accept",
            "accept: b",
        ),
    ),
    (
        "vary-lines",
        (
            "x: a",
            "200\ncache-control: max-age=9\nvary: x\nvary: y, *",
            "x: a",
        ),
    ),
    (
        "vary-absent",
        ("x: a", "200\ncache-control: max-age=60\nvary: x", ""),
    ),
    (
        "hop-by-hop",
        (
            "",
            "200\ncache-control: max-age=60\nconnection: x-a\nkeep-alive: 5\nx-a: b",
            "",
        ),
    ),
    (
        "events",
        (
            "",
            "200\ncontent-type: text/event-stream\ncache-control: max-age=60",
            "",
        ),
    ),
    ("not-found", ("", "404\ncache-control: max-age=60", "")),
    (
        "partial",
        (
            "range: bytes=0-1",
            "206\ncontent-range: bytes 0-1/4\ncache-control: max-age=9",
            "",
        ),
    ),
    (
        "range",
        ("", "200\ncache-control: max-age=60", "range: bytes=1-2"),
    ),
    (
        "range-suffix",
        (
            "",
            "200\ncache-control: max-age=60",
            "range: bytes=-9999999999999999999",
        ),
    ),
    (
        "condition",
        (
            "",
            "200\ncache-control: max-age=60\netag: W/\"a\"",
            "if-none-match: \"b\", W/\"a\"",
        ),
    ),
    (
        "condition-date",
        (
            "",
            "200\nlast-modified: Sunday, 06-Nov-94 08:49:37 GMT\ncache-control: max-age=9",
            "if-modified-since: Sun Nov  6 08:49:37 1994",
        ),
    ),
    (
        "precondition",
        ("", "200\ncache-control: max-age=60", "if-match: *"),
    ),
    (
        "only-if-cached",
        ("", "200", "cache-control: only-if-cached, max-stale=9"),
    ),
    (
        "request-no-store",
        (
            "cache-control: no-store",
            "200\ncache-control: max-age=60",
            "",
        ),
    ),
    (
        "length",
        ("", "200\ncontent-length: 5\ncache-control: max-age=60", ""),
    ),
    ("server-error", ("", "500\ncache-control: max-age=60", "")),
    (
        "groups",
        (
            "",
            "200\ncache-control: max-age=60\ncache-groups: \"a\", \"b;c\"",
            "",
        ),
    ),
    (
        "huge",
        (
            "",
            "200\ncache-control: max-age=99999999999999999999, stale-if-error=1e9\nage: -1",
            "",
        ),
    ),
];

fn text(mode: &str, (first, response, second): Exchange) -> String {
    let fields = |fields: &str| {
        if fields.is_empty() {
            String::new()
        } else {
            format!("{fields}\n")
        }
    };
    format!(
        "{mode}\nGET http://a/b?c=1\n{}\n{response}\n\nGET http://a/b?c=1\n{}\n",
        fields(first),
        fields(second),
    )
}

fn made() -> Vec<(String, Vec<u8>)> {
    let of_mode = |mode: &'static str| {
        EXCHANGES
            .iter()
            .map(move |(name, exchange)| (format!("{mode}-{name}"), text(mode, *exchange).into()))
    };
    of_mode("owned").chain(of_mode("shared")).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/http")
}

fn corpus() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder()).expect("the corpus can be read");
    let mut files: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file of the corpus").path();
            let name = path.file_name().expect("it has a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

fn exchange_each(inputs: impl Iterator<Item = (String, Vec<u8>)>) {
    for (name, bytes) in inputs {
        let result = std::panic::catch_unwind(|| exchange_anything(&bytes));
        assert!(result.is_ok(), "{name}: \"{}\"", bytes.escape_ascii());
    }
}

#[test]
fn every_exchange_is_as_it_is_made() {
    for (name, bytes) in made() {
        let path = folder().join(&name);
        if std::env::var_os("CACHEKIT_BLESS").is_some() {
            fs::create_dir_all(folder()).expect("it can be made");
            fs::write(&path, &bytes).expect("it can be written");
        }
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file, bytes, "{name}");
    }
}

#[test]
fn nothing_is_stored_that_must_not_be() {
    exchange_each(corpus().into_iter());
}

#[test]
fn nothing_of_the_mutations_is_stored_that_must_not_be() {
    exchange_each(mutations::of(corpus(), 0x4774).take(MUTATIONS));
}
