//! Cost and gain of compression: a value of some kilobytes that repeats itself, as lists do.

use std::hint::black_box;

use cachekit::{Cache, Policy, Tier};
use redis::aio::MultiplexedConnection;
use redis::cmd;
use serde::{Deserialize, Serialize};

use super::load::{self, Operation};
use super::{NAMESPACE, Server, raw};
use crate::Fail;
use crate::report::{Kind, Table};
use crate::rounds::Rounds;

/// The number of keys that are asked for, each in turn.
const KEYS: u64 = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Product {
    id: u64,
    name: String,
    description: String,
    cents: u32,
    tags: Vec<String>,
}

/// About 7 KB, encoded.
fn catalogue(number: u64) -> Vec<Product> {
    let product = |at: u64| {
        let id = number * 1_000 + at * 37;
        Product {
            id,
            name: format!("Product {id}"),
            description: format!("Item {} of our collection, size {}", at * 7919, at % 11),
            cents: u32::try_from(id * 7_919 % 100_000).unwrap_or_default(),
            tags: vec![format!("shelf {}", at % 13), "in stock".to_owned()],
        }
    };
    (0..90).map(product).collect()
}

/// Reads and writes, compressed and not.
pub(super) async fn tables(
    server: &Server,
    cache: &Cache,
    rounds: Rounds,
) -> Result<[Table; 2], Fail> {
    let connection = raw::connect(server).await?;
    let ways = [("compressed", true), ("as it is", false)];
    let writes = ways.map(|(name, compress)| write(cache, name, compress));
    for operation in &writes {
        for number in 0..KEYS {
            operation.once(number).await?;
        }
    }
    let reads = ways.map(|(name, compress)| read(cache, name, compress));
    let note = sizes(&connection).await?;
    let title = "Hit in Redis: a list of 90 products, nothing in memory";
    let mut hits = load::table(title, &reads, rounds).await?;
    hits.notes.push(note);
    let title = "Store in Redis: a list of 90 products";
    let stores = load::table(title, &writes, rounds).await?;
    Ok([hits, stores])
}

fn key(number: u64, compress: bool) -> String {
    format!("list:{compress}:{}", number % KEYS)
}

fn policy(compress: bool) -> Policy {
    Policy::new().tier(Tier::Redis).compress(compress)
}

fn kind(compress: bool) -> Kind {
    if compress { Kind::Ours } else { Kind::Rival }
}

fn read(cache: &Cache, name: &str, compress: bool) -> Operation {
    let cache = cache.clone();
    let operation = Operation::new(&format!("cachekit, {name}"), move |number| {
        let (cache, key) = (cache.clone(), key(number, compress));
        async move {
            let policy = policy(compress);
            let none = async || Vec::<Product>::new();
            let list = cache.get_or_compute(&key, &policy, none).await;
            if list.is_empty() {
                return Err(format!("no hit in Redis: {key}").into());
            }
            black_box(list);
            Ok(())
        }
    });
    operation.of(kind(compress))
}

fn write(cache: &Cache, name: &str, compress: bool) -> Operation {
    let cache = cache.clone();
    let operation = Operation::new(&format!("cachekit, {name}"), move |number| {
        let (cache, key) = (cache.clone(), key(number, compress));
        async move {
            let list = catalogue(number % KEYS);
            cache.put(&key, list, &policy(compress)).await;
            Ok(())
        }
    });
    operation.of(kind(compress))
}

/// Returns the lengths of the entries in bytes.
async fn sizes(connection: &MultiplexedConnection) -> Result<String, Fail> {
    let mut sums = [0_u64; 2];
    for number in 0..KEYS {
        for (sum, compress) in sums.iter_mut().zip([true, false]) {
            let mut strlen = cmd("STRLEN");
            strlen.arg(format!("{NAMESPACE}:k:{}", key(number, compress)));
            let length: u64 = strlen.query_async(&mut connection.clone()).await?;
            // A token alone has 56.
            if length < 100 {
                return Err("cachekit stored nothing".into());
            }
            *sum += length;
        }
    }
    let [compressed, plain] = sums.map(|sum| sum / KEYS);
    Ok(format!(
        "An entry has {compressed} bytes where it is compressed, and {plain} where it is not: {} %.",
        compressed * 100 / plain
    ))
}
