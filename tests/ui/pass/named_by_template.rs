//! Names that a template may use besides plain arguments.
#![deny(warnings)]

use cachekit::{cached, invalidates};

#[cached(key = "{T}:{N}:{id}", tier = memory)]
pub async fn generic<T: Clone + Default + Send + Sync + 'static, const N: usize>(id: u64) -> (u64, T) {
    (id, T::default())
}

#[cached(key = "kind:{type}", tags = ["of:{r#type}"])]
pub async fn raw(r#type: &str) -> u64 {
    r#type.len() as u64
}

pub fn limit(id: u64) -> bool {
    id < 10
}

#[cached(key = "limited:{id}", when = self::limit(id))]
pub async fn limited(id: u64) -> u64 {
    id
}

#[cached(key = "listed:{ids}")]
pub async fn listed(ids: &[u64]) -> u64 {
    ids.len() as u64
}

#[invalidates(listed(&[1, 2]))]
pub async fn change() {}

fn main() {
    assert_eq!(generic::entry::<u8, 3>(7).key(), "u8:3:7");
    assert_eq!(raw::entry("x").key(), "kind:x");
}
