//! How templates are written.

use cachekit::cached;

#[cached(key = "user:{id")] //~ `{` without `}` before "id"; a literal brace is written `{{`
async fn brace_not_closed(id: u64) -> u64 {
    id
}

#[cached(key = "user:id}")] //~ `}` without `{` in "user:id}"; a literal brace is written `}}`
async fn brace_not_opened(id: u64) -> u64 {
    id
}

#[cached(key = "user:<id")] //~ stray `<` before "id"; a literal `<` is written `<<`
async fn angle_not_closed(id: u64) -> u64 {
    id
}

#[cached(key = "a < {id} > b")] //~ stray `<`
async fn angle_that_is_none(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}:<page>")] //~ has both `{..}` and `<..>`; use one kind in a template
async fn both_spellings(id: u64, page: u64) -> u64 {
    id + page
}

#[cached(key = "user:{id:>5}")] //~ `{id:>5}`: formats are not supported; write `{id}`
async fn format(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id:?}")] //~ `{id:?}`: formats are not supported; write `{id}`
async fn debug_format(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}%")] //~ `%` may not follow `id` directly
async fn percent_behind(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}(x)")] //~ `(` may not follow `id` directly
async fn parenthesis_behind(id: u64) -> u64 {
    id
}

#[cached(key = "user:{}")] //~ empty placeholder `{}`; name an argument in it
async fn empty_placeholder(id: u64) -> u64 {
    id
}

#[cached(key = "")] //~ an empty template names nothing
async fn empty(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id + 1}")] //~ `{id + 1}` is not a placeholder
async fn arithmetic(id: u64) -> u64 {
    id
}

#[cached(key = "user:{0}")] //~ `{0}` is not a placeholder
async fn position(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id.max(other)}")] //~ `{id.max(other)}` is not a placeholder
async fn method_of_names(id: u64, other: u64) -> u64 {
    id + other
}

#[cached(key = user_key(id))] //~ expected a template in quotes, like `"user:{id}"`
async fn no_quotes(id: u64) -> u64 {
    id
}

#[cached(key = format!("user:{id}"))] //~ expected a template in quotes, like `"user:{id}"`
async fn format_macro(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", tags = "users")] //~ expected a list: `["users"]`
async fn tags_without_a_list(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", tags = [tag(id)])] //~ expected a template in quotes, or `..EXPR` for a sequence of texts
async fn tag_that_is_an_expression(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", events = [..names()])] //~ expected a template in quotes, like `"product.updated"`
async fn event_that_is_a_sequence(id: u64) -> u64 {
    id
}

fn main() {}
