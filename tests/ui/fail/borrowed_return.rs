//! What is kept outlives the call.

use std::borrow::Cow;

use cachekit::{cached, invalidates};

pub struct Repo {
    name: String,
}

#[cached]
async fn reference(name: &str) -> &str { //~ cannot keep a borrowed value, because it outlives the call; return an owned one
    name
}

#[cached]
async fn with_a_lifetime<'a>(name: &'a str) -> Cow<'a, str> { //~ cannot keep a borrowed value
    Cow::Borrowed(name)
}

#[cached]
async fn elided(name: &str) -> Cow<'_, str> { //~ cannot keep a borrowed value
    Cow::Borrowed(name)
}

#[cached]
async fn in_result(name: &str) -> Result<&str, std::io::Error> { //~ cannot keep a borrowed value
    Ok(name)
}

#[cached]
async fn in_list(name: &str) -> Vec<&str> { //~ cannot keep a borrowed value
    vec![name]
}

impl Repo {
    #[cached(key = "name", skip(self))]
    pub async fn of_self(&self) -> &str { //~ cannot keep a borrowed value
        &self.name
    }
}

#[invalidates(tags = ["names"])]
async fn write(name: &str) -> &str { //~ cannot keep a borrowed value
    name
}

#[cached(tier = memory)]
async fn right() -> &'static str {
    "right"
}

fn main() {}
