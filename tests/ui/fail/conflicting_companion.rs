//! The companion is a type of the function's name; where one exists already, `companion = NAME`
//! gives it another.

use cachekit::cached;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[allow(non_camel_case_types, reason = "it is to be in the way")]
pub struct user {
    pub id: u64,
}

#[cached] //~ the name `user` is defined multiple times
async fn user(id: u64) -> user {
    user { id }
}

pub mod order {}

#[cached] //~ the name `order` is defined multiple times //~ expected type, found module `order`
async fn order(id: u64) -> u64 {
    id
}

pub mod item {}

#[cached(companion = items)]
async fn item(id: u64) -> u64 {
    id
}

fn main() {}
