//! With `key`, what is taken by value must be in the key or in `skip`, whatever its type is, and so
//! must what a bound makes data.

use std::borrow::{Borrow, Cow};
use std::rc::Rc;
use std::sync::Arc;

use cachekit::cached;
use serde::{Deserialize, Serialize};

/// No data by its traits.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub id: u64,
}

#[derive(Deserialize)]
pub struct Params {
    pub page: u32,
}

#[derive(Serialize)]
pub struct Answer {
    pub page: u32,
}

pub struct Wrap<T>(pub T);

pub trait Repo {}

#[cached(key = "inbox:{page}")]
async fn by_value(user: CurrentUser, page: u32) -> u64 { //~ `user` could change the result, but the key forgets it
    user.id + u64::from(page)
}

#[cached(key = "inbox:{page}")]
async fn shared_by_count(user: Arc<CurrentUser>, page: u32) -> u64 { //~ `user` could change the result, but the key forgets it
    user.id + u64::from(page)
}

#[cached(key = "inbox", tier = memory)]
fn boxed(mine: Box<CurrentUser>, other: Rc<CurrentUser>) -> u64 { //~ `mine` could change the result, but the key forgets it //~ `other` could change the result, but the key forgets it
    mine.id + other.id
}

#[cached(key = "inbox")]
async fn perhaps_borrowed(user: Cow<'_, CurrentUser>) -> u64 { //~ `user` could change the result, but the key forgets it
    user.id
}

#[cached(key = "params")]
async fn from_a_request(params: &Params) -> u32 { //~ `params` could change the result, but the key forgets it
    params.page
}

#[cached(key = "answer")]
async fn for_an_answer(answer: &Answer) -> u32 { //~ `answer` could change the result, but the key forgets it
    answer.page
}

#[cached(key = "counted")]
async fn counted(filters: &Arc<Vec<CurrentUser>>) -> usize { //~ `filters` could change the result, but the key forgets it
    filters.len()
}

#[cached(key = "a:{page}")]
async fn as_ref(q: impl AsRef<str>, page: u32) -> usize { //~ `q` could change the result, but the key forgets it
    q.as_ref().len() + page as usize
}

#[cached(key = "into:{page}")]
async fn into<S: Into<String>>(q: S, page: u32) -> usize { //~ `q` could change the result, but the key forgets it
    q.into().len() + page as usize
}

#[cached(key = "where")]
async fn in_a_where<S>(q: &S) -> usize //~ `q` could change the result, but the key forgets it
where
    S: Into<String> + Clone + Sync,
{
    q.clone().into().len()
}

#[cached(key = "deep")]
async fn deep<S: Borrow<str> + Sync>(q: &Wrap<S>) -> usize { //~ `q` could change the result, but the key forgets it
    q.0.borrow().len()
}

#[cached(key = "object")]
async fn object(q: &(dyn AsRef<str> + Sync)) -> usize { //~ `q` could change the result, but the key forgets it
    q.as_ref().len()
}

#[cached(key = "numbers", tier = memory)]
fn numbers(numbers: &mut dyn Iterator<Item = u64>) -> u64 { //~ `numbers` could change the result, but the key forgets it
    numbers.sum()
}

#[cached(key = "callback")]
async fn callback(give: impl Fn() -> u64) -> u64 { //~ `give` could change the result, but the key forgets it
    give()
}

#[cached(key = "repo")]
async fn generic<R: Repo>(repo: R) -> u64 { //~ `repo` could change the result, but the key forgets it
    drop(repo);
    1
}

pub struct Extension<T>(pub T);

#[cached(key = "extension")]
async fn lent_extension(user: &Extension<u64>) -> u64 { //~ `user` could change the result, but the key forgets it
    user.0
}

fn main() {}
