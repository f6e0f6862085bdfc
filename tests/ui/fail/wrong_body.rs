//! Mistakes in a body are reported where they are, as without an attribute.

use cachekit::{cached, invalidates, write_through};

#[cached]
async fn wrong_type(id: u64) -> u64 {
    let _ = id;
    "text" //~ mismatched types
}

#[cached]
async fn wrong_return(id: u64) -> Result<u64, std::io::Error> {
    if id == 0 {
        return Ok("text"); //~ mismatched types
    }
    Ok(id)
}

#[cached]
async fn nothing_returned(id: u64) -> u64 { //~ mismatched types
    let _ = id;
}

#[invalidates(tags = ["users"])]
async fn unknown_name(id: u64) -> u64 {
    nobody + id //~ cannot find value `nobody` in this scope
}

#[write_through(wrong_type(id))]
async fn question_mark(id: u64) -> u64 {
    std::fs::read("file")?; //~ the `?` operator can only be used
    id
}

async fn caller() -> u64 {
    wrong_type(7).await + unknown_name(7).await
}

fn main() {
    let _ = caller();
}
