//! Measurements of the queue, in comparison with direct writes to the database and with `XADD`.

use std::time::Instant;

use cachekit_tests::redis::{Client, Redis, Reply};
use redis::aio::MultiplexedConnection;
use tokio::task::JoinSet;

use crate::database::Database;
use crate::functions::{Cart, Failed, NAMESPACE, QUEUES, add, connect, save_carts};
use crate::run::DURABLE;

/// The number of concurrent callers of each measurement.
const CALLERS: u32 = 64;

/// The number of counters that are added to.
const COUNTERS: u64 = 1_000;

/// The stream that bare `XADD` writes to.
const STREAM: &str = "stream";

/// The measured ways to write, in the order of the table.
const WAYS: [&str; 4] = [
    "direct, to SQLite",
    "XADD",
    "carts (newest)",
    "counters (each)",
];

/// Measures `writes` writes of each kind, over a Redis and a database of their own, while no worker
/// runs. Returns the table.
pub(crate) async fn measured(writes: u64) -> String {
    let redis = Redis::with(DURABLE);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("carts.db");
    let (_cache, database) = connect(&redis.url(), &file, None).await.expect("a cache");
    database.create_tables().await.expect("the tables are new");
    let rates = rates(writes, &redis, &database).await;
    let memory = memory(&mut redis.client(), writes);
    let [direct, bare, ..] = rates;
    let head = format!(
        "{:<22}{:>11}{:>11}{:>11}{:>11}",
        "", "writes/s", "of direct", "of XADD", "bytes each"
    );
    let ways = WAYS.into_iter().zip(rates).zip(memory);
    let lines =
        ways.map(|((way, rate), bytes)| line(way, [rate, rate / direct, rate / bare], bytes));
    std::iter::once(head)
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns the writes a second of each of [`WAYS`].
async fn rates(writes: u64, redis: &Redis, database: &Database) -> [f64; 4] {
    let direct = rate(writes, database, |database, id| async move {
        Ok(database.write_cart(id, 1).await?)
    });
    let direct = direct.await;
    let client = redis::Client::open(redis.url()).expect("an address");
    let connection = client.get_multiplexed_async_connection().await;
    let bare = rate(writes, &connection.expect("a connection"), xadd).await;
    let carts = rate(writes, database, |database, id| async move {
        save_carts(&database, vec![Cart { id, number: 1 }]).await
    });
    let carts = carts.await;
    let counters = rate(writes, database, |database, id| async move {
        add(&database, vec![id % COUNTERS]).await
    });
    [direct, bare, carts, counters.await]
}

/// Returns the bytes that each of `writes` queued writes takes in Redis, for each of [`WAYS`]. The
/// carts are all different.
fn memory(client: &mut Client, writes: u64) -> [Option<u64>; 4] {
    let stream = bytes(client, &[STREAM.to_owned()]);
    let [carts, counters] = QUEUES.map(|queue| {
        let keys = client.keys(&format!("{NAMESPACE}:wb:{{{queue}}}:*"));
        bytes(client, &keys)
    });
    let each = |bytes: u64| Some(bytes / writes.max(1));
    [None, each(stream), each(carts), each(counters)]
}

/// Makes `writes` calls over several tasks, with the numbers from 0 on. Returns the calls a second.
async fn rate<T, F>(writes: u64, to: &T, call: fn(T, u64) -> F) -> f64
where
    T: Clone + Send + 'static,
    F: Future<Output = Result<(), Failed>> + Send + 'static,
{
    let start = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let to = to.clone();
        callers.spawn(async move {
            for id in (u64::from(caller)..writes).step_by(CALLERS as usize) {
                call(to.clone(), id).await.expect("nothing is disturbed");
            }
        });
    }
    callers.join_all().await;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = writes as f64 / start.elapsed().as_secs_f64();
    rate
}

/// Writes to a stream as much as a queued cart is.
async fn xadd(mut connection: MultiplexedConnection, id: u64) -> Result<(), Failed> {
    let mut command = redis::cmd("XADD");
    command
        .arg(STREAM)
        .arg("*")
        .arg("id")
        .arg(id)
        .arg("number")
        .arg(1);
    let added: redis::RedisResult<String> = command.query_async(&mut connection).await;
    added
        .map(drop)
        .map_err(|error| Failed::Database(error.to_string()))
}

/// Returns the memory that `keys` take in Redis.
fn bytes(client: &mut Client, keys: &[String]) -> u64 {
    let of_key = |key: &String| match client.run(&["MEMORY", "USAGE", key, "SAMPLES", "0"]) {
        Reply::Int(bytes) => u64::try_from(bytes).unwrap_or(0),
        other => panic!("{key}: {other:?}"),
    };
    keys.iter().map(of_key).sum()
}

fn line(name: &str, [rate, of_direct, of_bare]: [f64; 3], bytes: Option<u64>) -> String {
    let bytes = bytes.map_or("-".to_owned(), |bytes| bytes.to_string());
    format!("{name:<22}{rate:>11.0}{of_direct:>11.2}{of_bare:>11.2}{bytes:>11}")
}
