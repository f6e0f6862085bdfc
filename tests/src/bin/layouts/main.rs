//! Compares ways to keep a cached entry in Redis together with its token and its lease, on a server
//! of its own: the costs of a hit, an acquisition and a fill, the size of an entry, and whether a
//! manual deletion stops a fill.
//!
//! `cargo run --release -p cachekit-tests --bin layouts [-- --quick]`

mod deletion;
mod layout;
mod measure;
mod scripts;
mod server;
mod table;

use std::env;

use cachekit_tests::redis::Redis;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use crate::layout::Layout;
use crate::measure::{Effort, Round, Subject};
use crate::server::Server;
use crate::table::Row;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];

#[tokio::main(flavor = "current_thread")]
async fn main() -> RedisResult<()> {
    let quick = match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [quick] if quick == "--quick" => true,
        other => panic!("it takes --quick or nothing, not {other:?}"),
    };
    let redis = Redis::start();
    let client = redis::Client::open(redis.url())?;
    let connection = client.get_multiplexed_async_connection().await?;
    let mut server = Server::new(&redis);
    let version = redis.client().info("server", "redis_version");
    println!("redis-server {}", version.unwrap_or_default());
    let mut rows = Vec::new();
    for size in SIZES {
        eprintln!("values of {size} bytes ..");
        rows.extend(of_size(size, quick, &mut server, &connection).await?);
        server.delete_all("*");
    }
    table::print(&rows);
    Ok(())
}

/// Every layout with values of this size, in turns: what the machine does beside falls on all.
async fn of_size(
    size: usize,
    quick: bool,
    server: &mut Server,
    connection: &MultiplexedConnection,
) -> RedisResult<Vec<Row>> {
    let names = ["ns", "fn:user", "tag:users", "tag:org:7"];
    let versions: Vec<_> = names.iter().map(|name| format!("cache:v:{name}")).collect();
    server.set_versions(&versions);
    let effort = effort(size, quick);
    let mut subjects = Vec::new();
    for layout in Layout::ALL {
        let subject = Subject {
            layout,
            scripts: server.load(layout),
            value: vec![b'x'; size],
            versions: versions.clone(),
            connection: connection.clone(),
            effort,
        };
        subject.store().await?;
        // Warms both up.
        subject.round(server).await?;
        subjects.push((subject, Vec::<Round>::new()));
    }
    for _ in 0..effort.rounds {
        for (subject, rounds) in &mut subjects {
            rounds.push(subject.round(server).await?);
        }
    }
    let mut rows = Vec::new();
    for (subject, rounds) in subjects {
        let (layout, scripts) = (subject.layout, &subject.scripts);
        rows.push(Row {
            layout,
            size,
            rounds,
            memory: subject.memory(server).await?,
            refused: deletion::refused(layout, scripts, server, &mut connection.clone()).await?,
        });
    }
    Ok(rows)
}

/// The larger the values, the fewer: about the same bytes.
fn effort(size: usize, quick: bool) -> Effort {
    let large = size >= 100_000;
    let less = if quick { 10 } else { 1 };
    Effort {
        rounds: if quick { 1 } else { 7 },
        hits: if large { 3_200 } else { 32_000 } / less,
        alone: if large { 500 } else { 2_000 } / less,
        entries: if large { 200 } else { 1_000 } / less,
    }
}
