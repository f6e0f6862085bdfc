//! A value made of what the body takes away.

use cachekit::write_through;

use super::forms::Context;
use super::writes::target;

/// Another value, of what is taken away.
#[write_through(target(_, id, &name), value = ret.len() as u64 + id + name.len() as u64, crate = ::cachekit)]
pub async fn store_value(id: u64, name: String) -> Option<String> {
    (id > 0).then_some(name)
}

/// Uses it.
pub async fn all() {
    drop(store_value(1, "x".into()).await);
    let _: u64 = target(&Context, 1, "x").await;
}
