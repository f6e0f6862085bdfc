//! A pattern's bindings are cloned only if an expression names them.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use cachekit::{cached, invalidates, write_through};

use crate::fresh;

/// Has no `Clone`.
struct Connection(AtomicU64);

fn connection() -> Connection {
    Connection(AtomicU64::new(1))
}

#[cached(
    key = "parts:{id}",
    skip(name, _rest, connection),
    tags = ["parts:{name}:{ret}", ..[format!("{name}-{ret}")]],
    ttl = Duration::from_secs(*ret + name.len() as u64)
)]
async fn target((id, name, _rest, connection): (u64, String, u8, Connection)) -> u64 {
    drop(name);
    id + connection.0.into_inner()
}

#[invalidates(tags = [..[format!("{name}-{ret}")]])]
async fn change((name, connection): (String, Connection)) -> u64 {
    drop(name);
    connection.0.into_inner() + 1
}

#[write_through(target((*id, name.clone(), 0, connection())), value = *ret + *id)]
async fn store((id, name, _held): (u64, String, Connection)) -> u64 {
    name.len() as u64
}

#[tokio::test]
async fn the_rest_needs_no_clone() {
    fresh(async {
        let entry = || target::entry((1, "n".to_owned(), 0, connection()));
        assert_eq!(target((1, "n".to_owned(), 0, connection())).await, 2);
        change(("n".to_owned(), connection())).await;
        assert_eq!(entry().get().await, None);
        store((1, "n".to_owned(), connection())).await;
        assert_eq!(entry().get().await, Some(2));
    })
    .await;
}
