//! Two values need something between them, else (1, 23) and (12, 3) would be one key.

use cachekit::{cached, invalidates};

#[cached(key = "range:{a}{b}")] //~ `a` and `b` stand side by side
async fn two(a: u64, b: u64) -> u64 {
    a + b
}

#[cached(key = "range:<a><b>")] //~ `a` and `b` stand side by side
async fn in_the_other_spelling(a: u64, b: u64) -> u64 {
    a + b
}

#[cached(key = "range:{a}", tags = ["range:{a}{b}"], skip(b))] //~ `a` and `b` stand side by side
async fn in_a_tag(a: u64, b: u64) -> u64 {
    a + b
}

#[invalidates(key = "range:{a}{b}")] //~ `a` and `b` stand side by side
async fn in_a_write(a: u64, b: u64) {
    let _ = a + b;
}

fn main() {}
