//! The service of the page `docs/first-service.md`: products over HTTP with axum, in `SQLite`, cached in
//! each instance and in the Redis that the instances share.

mod service;
#[cfg(test)]
mod tests;

use std::env;
use std::error::Error;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use service::{open, router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    cachekit::init_from_env().await?;
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:3000".to_owned());
    let file = arguments.next().unwrap_or("shop.sqlite".to_owned());
    let db = open(&file).await?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    let mut stop = signal(SignalKind::terminate())?;
    axum::serve(listener, router(db))
        .with_graceful_shutdown(async move { stop.recv().await.unwrap_or_default() })
        .await?;
    cachekit::global().shutdown().await;
    Ok(())
}
