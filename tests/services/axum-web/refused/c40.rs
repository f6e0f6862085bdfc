//! As `c40`, with a key that forgets who asks.

use axum::extract::Path;
use axum::http::{HeaderMap, Method, Uri};
use axum_web::c40::CurrentUser;
use cachekit::cached;

#[cached(key = "doc:{id}", ttl = 60)]
pub async fn show_doc(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    user: CurrentUser,
    Path(id): Path<u64>,
) -> String {
    drop((method, uri, headers));
    format!("document {id} for user {}", user.id)
}

fn main() {}
