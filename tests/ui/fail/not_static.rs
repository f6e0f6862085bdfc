//! A stored value outlives the call: what is not visibly borrowed is found by the compiler.

use cachekit::cached;

#[derive(Clone)]
pub struct Name<'a>(&'a str);

type Alias<'a> = Name<'a>;

#[cached(key = "any:{id}", tier = memory)] //~ may not live long enough //~ may not live long enough //~ may not live long enough //~ may not live long enough //~ may not live long enough
async fn generic<T: Clone + Default + Send + Sync>(id: u64) -> T {
    let _ = id;
    T::default()
}

#[cached(tier = memory)] //~ may not live long enough
async fn hidden_lifetime(name: &str) -> Alias {
    Name(name)
}

fn main() {}
