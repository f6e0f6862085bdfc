//! All mistakes of an attribute come at once, and nobody else gets errors because of them.

use cachekit::{cached, invalidates};

#[cached(
    key = "user:{idd}", //~ unknown placeholder `{idd}`: no argument of that name; did you mean `id`?
    tll = 300, //~ unknown option `tll`; did you mean `ttl`?
    skip(pol), //~ unused skip: there is no argument `pol`; did you mean `pool`?
)]
async fn get_user(pool: &(), id: u64) -> u64 {
    let () = pool;
    id
}

#[invalidates(
    tags = ["user:{idd}", "user:{id"], //~ `{` without `}` before "id"; a literal brace is written `{{`
    on = never, //~ expected `ok` (after success), `always` (after every end) or `before`
    when = id > 1, //~ there is no option `when`; write `if = EXPR`
)]
async fn rename_user(id: u64) {
    let _ = id;
}

/// Two attributes with a mistake each.
#[cached(tll = 300)] //~ unknown option `tll`; did you mean `ttl`?
#[invalidates(on = always)] //~ say what to invalidate
async fn both(id: u64) -> u64 {
    id
}

async fn caller() -> u64 {
    rename_user(7).await;
    get_user(&(), 7).await + both(7).await
}

fn main() {
    let _ = caller();
}
