//! Names that a template may use besides plain arguments.
#![deny(warnings)]

use cachekit::cached;

#[cached(key = "{T}:{N}:{id}")]
pub async fn generic<T: Clone + Default + Send + Sync + 'static, const N: usize>(id: u64) -> (u64, T) {
    (id, T::default())
}

#[cached(key = "kind:{type}", tags = ["of:{r#type}"])]
pub async fn raw(r#type: &str) -> u64 {
    r#type.len() as u64
}

fn main() {
    assert_eq!(generic::entry::<u8, 3>(7).key(), "u8:3:7");
    assert_eq!(raw::entry("x").key(), "kind:x");
}
