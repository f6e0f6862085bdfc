//! What is written is a value of the function it is written for.

use cachekit::{cached, write_through};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct User {
    pub id: u64,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Order {
    pub id: u64,
}

#[cached(key = "user:{id}")]
async fn get_user(id: u64) -> Option<User> {
    Some(User { id })
}

#[cached]
async fn list_users() -> Vec<User> {
    Vec::new()
}

#[write_through(get_user(id))] //~ mismatched types
async fn wrong_type(id: u64) -> Order {
    Order { id }
}

#[write_through(get_user(id))] //~ mismatched types
async fn nothing_returned(id: u64) {
    let _ = id;
}

#[write_through(get_user(id), value = Order { id })] //~ mismatched types
async fn wrong_value(id: u64) {
    let _ = id;
}

#[write_through(list_users(..))] //~ `..` is every entry; name the one to write
async fn all(id: u64) -> Vec<User> {
    vec![User { id }]
}

#[write_through(get_user(id), get_user(2))] //~ one function writes one entry; use a second `#[write_through(..)]` for this one
async fn two(id: u64) -> User {
    User { id }
}

#[write_through] //~ say which entry to write: `get_user(_, id)`
async fn none(id: u64) -> User {
    User { id }
}

#[write_through(value = User { id })] //~ say which entry to write: `get_user(_, id)`
async fn value_alone(id: u64) -> User {
    User { id }
}

#[write_through(get_user(ret.id))] //~ `ret`: the entry is needed before the call gives a value
async fn entry_of_ret() -> User {
    User { id: 1 }
}

#[write_through(get_user)] //~ say which entries: `get_user(_, id)` for one
async fn without_parentheses(id: u64) -> User {
    User { id }
}

fn main() {}
