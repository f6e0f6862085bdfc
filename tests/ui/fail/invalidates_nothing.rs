//! Something is to be invalidated.

use cachekit::invalidates;

#[invalidates] //~ say what to invalidate: `get_user(_, id)`, `list_users(..)`, `tags = [..]`
async fn without_parentheses(id: u64) {
    let _ = id;
}

#[invalidates()] //~ say what to invalidate: `get_user(_, id)`, `list_users(..)`, `tags = [..]`
async fn empty(id: u64) {
    let _ = id;
}

#[invalidates(on = always)] //~ say what to invalidate: `get_user(_, id)`, `list_users(..)`, `tags = [..]`
async fn only_when(id: u64) {
    let _ = id;
}

#[invalidates(if = id > 1)] //~ say what to invalidate: `get_user(_, id)`, `list_users(..)`, `tags = [..]`
async fn only_if(id: u64) {
    let _ = id;
}

fn main() {}
