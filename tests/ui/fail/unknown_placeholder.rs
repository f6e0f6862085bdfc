//! A placeholder names an argument.

use cachekit::{cached, invalidates};

#[cached(key = "user:{user_di}")] //~ unknown placeholder `{user_di}`: no argument of that name; did you mean `user_id`?
async fn typing_mistake(user_id: u64) -> u64 {
    user_id
}

#[cached(key = "user:{nobody}")] //~ no argument of that name; the arguments are `id`, `page`
async fn unknown(id: u64, page: u64) -> u64 {
    id + page
}

#[cached(key = "user:{nobody.name}")] //~ unknown placeholder `{nobody.name}`
async fn unknown_with_field(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}")] //~ no argument of that name; the function has no arguments
async fn no_arguments() -> u64 {
    1
}

#[cached(key = "user:{ret.id}")] //~ `{ret.id}`: the key is needed before the call gives a value
async fn ret_in_key(id: u64) -> u64 {
    id
}

#[cached(key = "user:{self.tenant}")] //~ `{self.tenant}`: this function has no `self`
async fn self_in_a_free_function(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", tags = ["org:{org}"])] //~ unknown placeholder `{org}`
async fn in_a_tag(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", events = ["changed:{org}"])] //~ unknown placeholder `{org}`
async fn in_an_event(id: u64) -> u64 {
    id
}

#[invalidates(key = "user:{ids}")] //~ unknown placeholder `{ids}`: no argument of that name; did you mean `id`?
async fn in_a_write(id: u64) {
    let _ = id;
}

fn main() {}
