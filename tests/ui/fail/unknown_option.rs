//! Options that do not exist, with the one that was meant.

use cachekit::{cached, invalidates, write_through};

#[cached]
async fn get(id: u64) -> u64 {
    id
}

#[cached(
    tll = 300, //~ unknown option `tll`; did you mean `ttl`?
    versoin = 2, //~ unknown option `versoin`; did you mean `version`?
    codek = json, //~ unknown option `codek`; did you mean `codec`?
    storeif = true, //~ unknown option `storeif`; did you mean `store_if`?
    banana = 3, //~ unknown option `banana`; the options are `key`, `ttl`, `tags`
)]
async fn typing_mistakes(id: u64) -> u64 {
    id
}

/// As other caches write it.
#[cached(
    expire = 300, //~ there is no option `expire`; write `ttl = 300`
    time = 300, //~ there is no option `time`; write `ttl = 300`
    size = 100, //~ there is no option `size`; write `capacity = 1000`
    sync = true, //~ there is no option `sync`; leave it out
    sync_writes = "default", //~ there is no option `sync_writes`; leave it out
    result = true, //~ there is no option `result`; leave it out
    option = true, //~ there is no option `option`; leave it out
    convert = r#"{ id }"#, //~ there is no option `convert`; write a template
    unless = false, //~ there is no option `unless`; write `store_if = EXPR`
)]
async fn foreign(id: u64) -> u64 {
    id
}

/// The same without values: flags.
#[cached(
    sync, //~ there is no option `sync`; leave it out
    result, //~ there is no option `result`; leave it out
)]
async fn flags(id: u64) -> u64 {
    id
}

#[cached(
    encrypts = true, //~ unknown option `encrypts`; did you mean `encrypt`?
    encrypts = true, //~ unknown option `encrypts`; did you mean `encrypt`?
)]
async fn misspelt(id: u64) -> u64 {
    id
}

#[cached("user:{id}")] //~ write `key = "user:{id}"`
async fn no_name(id: u64) -> u64 {
    id
}

#[cached(key)] //~ `key` needs a value: `key = ..`
async fn no_value(id: u64) -> u64 {
    id
}

#[cached(ttl(300))] //~ `ttl` needs a value: `ttl = ..`
async fn in_parentheses(id: u64) -> u64 {
    id
}

#[cached(ttl = 300 version = 2)] //~ expected `,`
async fn no_comma(id: u64) -> u64 {
    id
}

#[cached(ttl: 300)] //~ `ttl` needs a value: `ttl = ..`
async fn colon(id: u64) -> u64 {
    id
}

#[invalidates(
    get(id),
    tag = ["users"], //~ there is no option `tag`; write `tags = [".."]`
    when = id > 1, //~ there is no option `when`; write `if = EXPR`
    all_entries = true, //~ there is no option `all_entries`; write `list_users(..)`
    ky = "user:{id}", //~ unknown option `ky`; did you mean `key`?
    banana = 3, //~ unknown option `banana`; the options are `key`, `keys`
)]
async fn write(id: u64) {
    let _ = id;
}

#[write_through(
    get(id),
    ttl = 3, //~ unknown option `ttl`; the options are `value`, `order_by`, `intent`, `crate`
)]
async fn save(id: u64) -> u64 {
    id
}

fn main() {}
