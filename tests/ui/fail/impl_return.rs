//! What is kept has a type with a name.

use cachekit::{cached, invalidates, write_through};

#[cached]
async fn get() -> u64 {
    1
}

#[cached]
async fn plain() -> impl Clone + Send + Sync { //~ cannot keep a value whose type has no name; write the type instead of `impl`
    1
}

#[cached]
async fn in_result() -> Result<impl Clone + Send + Sync, std::io::Error> { //~ cannot keep a value whose type has no name; write the type instead of `impl`
    Ok(1)
}

#[invalidates(get())]
async fn write() -> impl Send { //~ cannot keep a value whose type has no name
    1
}

#[write_through(get())]
async fn save() -> impl Send { //~ cannot keep a value whose type has no name
    1
}

fn main() {}
