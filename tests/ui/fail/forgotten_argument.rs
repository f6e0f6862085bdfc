//! With `key`, an argument that could matter must be in the key or in `skip`.

use std::fmt::Display;

use cachekit::cached;

pub struct Pool;

/// No data by its traits, but a container of it is a container.
pub struct Filter {
    pub text: String,
}

#[cached(key = "user:{id}")]
async fn plain(id: u64, page: u32) -> u64 { //~ `page` could change the result, but the key forgets it
    id + u64::from(page)
}

#[cached(key = "user:{id}")]
async fn several(
    id: u64,
    page: u32, //~ `page` could change the result, but the key forgets it
    size: u32, //~ `size` could change the result, but the key forgets it
) -> u64 {
    id + u64::from(page) + u64::from(size)
}

#[cached(key = "all")]
async fn borrowed(name: &str) -> String { //~ `name` could change the result, but the key forgets it
    name.to_owned()
}

#[cached(key = "all")]
async fn generic<T: Display>(name: T) -> String { //~ `name` could change the result, but the key forgets it
    name.to_string()
}

#[cached(key = "all")]
async fn generic_behind_a_reference<T: Display + ?Sized>(
    name: &T, //~ `name` could change the result, but the key forgets it
) -> String {
    name.to_string()
}

#[cached(key = "all")]
async fn by_impl(name: impl Display) -> String { //~ `name` could change the result, but the key forgets it
    name.to_string()
}

#[cached(key = "all")]
async fn optional(filter: Option<Filter>) -> bool { //~ `filter` could change the result, but the key forgets it
    filter.is_some()
}

#[cached(key = "all")]
async fn list(filters: Vec<Filter>) -> usize { //~ `filters` could change the result, but the key forgets it
    filters.len()
}

#[cached(key = "all")]
async fn slice(filters: &[Filter]) -> usize { //~ `filters` could change the result, but the key forgets it
    filters.len()
}

#[cached(key = "all")]
async fn tuple(range: (Filter, Filter)) -> usize { //~ `range` could change the result, but the key forgets it
    range.0.text.len() + range.1.text.len()
}

#[cached(key = "all", tags = ["page:{page}"])]
async fn named_by_a_tag_only(page: u32) -> u32 { //~ `page` could change the result, but the key forgets it
    page
}

#[cached(key = "all", when = page < 10)]
async fn named_by_a_condition_only(page: u32) -> u32 { //~ `page` could change the result, but the key forgets it
    page
}

#[cached(key = "first:{a}")]
async fn a_part_of_a_pattern((a, b): (u32, u32)) -> u32 { //~ `b` could change the result, but the key forgets it
    a + b
}

/// These are no mistakes.
#[cached(key = "user:{id}", skip(trace))]
async fn right(_pool: &Pool, id: u64, trace: &str) -> u64 {
    id + trace.len() as u64
}

fn main() {}
