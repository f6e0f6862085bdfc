//! A cached function and one that writes; nothing has to be set up.

use std::time::{Duration, Instant};

use cachekit::{cached, invalidates};
use tokio::sync::Mutex;

static NAME: Mutex<&str> = Mutex::const_new("Ann");

#[cached(key = "user:{id}", ttl = 300, tags = ["users"])]
async fn user_name(id: u64) -> Result<String, std::io::Error> {
    tokio::time::sleep(Duration::from_millis(50)).await; // a slow query
    Ok(format!("{} (user {id})", NAME.lock().await))
}

#[invalidates(user_name(id))]
async fn rename_user(id: u64, name: &'static str) -> Result<(), std::io::Error> {
    println!("-> rename user {id} to {name}");
    *NAME.lock().await = name; // the write
    Ok(())
}

async fn show(what: &str) -> Result<(), std::io::Error> {
    let start = Instant::now();
    let name = user_name(7).await?;
    println!("{name:<14} {what:<24} {:>8.1?}", start.elapsed());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), std::io::Error> {
    show("ran the function").await?;
    show("came from memory").await?;
    rename_user(7, "Zoe").await?;
    show("ran the function again").await?;
    show("came from memory").await
}
