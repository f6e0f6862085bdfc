//! The key of a request under a rule.
//!
//! The key has the rule's fingerprint, and then every part of the request that the rule selects for
//! the key, in a fixed order. A text is written with its length, and a list of texts with an end.
//! Therefore two requests that differ in such a part never have one key.

use std::ops::Range;

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, Uri};

use crate::http::rules::compiled_rule::CompiledRule;
use crate::http::rules::host;
use crate::http::rules::options::{Auth, Cookies, Mode, Query};
use crate::http::rules::percent::decoded_bytes;
use crate::http::rules::query;

/// The key of a request, and the place of the host in the key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) bytes: Vec<u8>,
    pub(crate) host: Range<usize>,
}

/// Writes the key of a request.
pub(crate) fn key(rule: &CompiledRule, mode: Mode, uri: &Uri, headers: &HeaderMap) -> Key {
    let length = uri.path().len() + uri.query().map_or(0, str::len);
    let mut out = Vec::with_capacity(length + 64);
    out.extend_from_slice(&rule.fingerprint.to_be_bytes());
    texts(&mut out, uri.scheme_str().map(str::as_bytes));
    let host = write_host(&mut out, uri, headers);
    text(&mut out, uri.path().as_bytes());
    write_query(&mut out, &rule.query, mode, uri.query());
    for name in &rule.headers {
        write_header(&mut out, name, headers);
    }
    if let Cookies::Key(names) = &rule.cookies {
        for name in names {
            texts(&mut out, cookies(name, headers));
        }
    }
    if rule.auth == Auth::Key {
        write_header(&mut out, &AUTHORIZATION, headers);
    }
    Key { bytes: out, host }
}

/// Returns the cookies called `name`, each with its name, as sent.
pub(crate) fn cookies<'a>(name: &'a str, headers: &'a HeaderMap) -> impl Iterator<Item = &'a [u8]> {
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs
        .map(<[u8]>::trim_ascii)
        .filter(move |pair| is_called(pair, name))
}

/// Returns `true` if a cookie is called `name`. Some handlers decode the names of cookies.
fn is_called(pair: &[u8], name: &str) -> bool {
    let Some(end) = pair.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    let own = pair[..end].trim_ascii();
    own == name.as_bytes() || (own.contains(&b'%') && decoded_bytes(own) == name.as_bytes())
}

fn write_host(out: &mut Vec<u8>, uri: &Uri, headers: &HeaderMap) -> Range<usize> {
    let target = host::target(uri, headers);
    let range = write_lower(out, target);
    for other in host::others(target, uri, headers) {
        write_lower(out, other);
    }
    out.push(0);
    range
}

/// Writes a text in lower case, and returns its place.
fn write_lower(out: &mut Vec<u8>, lower: &[u8]) -> Range<usize> {
    text(out, lower);
    let range = out.len() - lower.len()..out.len();
    out[range.clone()].make_ascii_lowercase();
    range
}

fn write_query(out: &mut Vec<u8>, selection: &Query, mode: Mode, query: Option<&str>) {
    if mode == Mode::Owned {
        texts(
            out,
            query::sorted(selection, query)
                .into_iter()
                .map(str::as_bytes),
        );
    } else {
        texts(out, query::selected(selection, query).map(str::as_bytes));
    }
}

fn write_header(out: &mut Vec<u8>, name: &HeaderName, headers: &HeaderMap) {
    let lines = headers.get_all(name).into_iter();
    texts(out, lines.map(http::HeaderValue::as_bytes));
}

/// Writes texts and the end of the list.
fn texts<'a>(out: &mut Vec<u8>, all: impl IntoIterator<Item = &'a [u8]>) {
    for one in all {
        text(out, one);
    }
    out.push(0);
}

/// Writes a text after its length plus one. That number is never zero, which is the end of a list.
fn text(out: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len() + 1;
    while length >= 0x80 {
        let [low, ..] = length.to_le_bytes();
        out.push(low | 0x80);
        length >>= 7;
    }
    let [last, ..] = length.to_le_bytes();
    out.push(last);
    out.extend_from_slice(text);
}
