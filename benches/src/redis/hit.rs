//! A hit in Redis: nothing is kept in memory.

use std::hint::black_box;
use std::sync::Arc;

use cachekit::{Cache, cached};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, cmd, pipe};

use super::load::{self, Operation};
use super::{Server, raw};
use crate::Fail;
use crate::report::{Kind, Table};
use crate::rounds::Rounds;
use crate::user::{self, User};

/// The number of keys that are asked for, each in turn.
const KEYS: u64 = 1_000;

#[cached(
    name = "by args",
    key = "a:{org}:{id}",
    tags = ["users", "org:{org}"],
    tier = redis,
    cache = cache,
    skip(cache)
)]
async fn tagged_by_arguments(cache: &Cache, org: u64, id: u64) -> User {
    User::load(id)
}

#[cached(
    name = "by ret",
    key = "r:{id}",
    tags = ["users", "org:{ret.org}"],
    tier = redis,
    cache = cache,
    skip(cache)
)]
async fn tagged_by_value(cache: &Cache, id: u64) -> User {
    User::load(id)
}

#[cached(
    name = "untagged",
    key = "u:{id}",
    tier = redis,
    cache = cache,
    skip(cache)
)]
async fn untagged(cache: &Cache, id: u64) -> User {
    User::load(id)
}

/// Hits, and reads of the same bytes by a plain client.
pub(super) async fn table(server: &Server, cache: &Cache, rounds: Rounds) -> Result<Table, Fail> {
    let connection = raw::connect(server).await?;
    let by_arguments = by_arguments(cache);
    let by_value = our_own(
        cache,
        "cachekit, one tag from the value",
        |cache, id| async move { tagged_by_value(&cache, id).await },
    );
    let without_tags = our_own(cache, "cachekit, without tags", |cache, id| async move {
        untagged(&cache, id).await
    });
    fill(&[&by_arguments, &by_value, &without_tags]).await?;
    let all_there = questions(&connection).await?;
    let mut operations = vec![by_arguments, by_value, without_tags];
    operations.extend(plain_client(&connection, &all_there)?);
    let before = user::loads();
    let title = "Hit in Redis: `User`, two tags, nothing in memory";
    let table = load::table(title, &operations, rounds).await;
    let table = table.map_err(|fail| format!("{fail}; cachekit: {:?}", cache.stats().redis))?;
    let missed = user::loads() - before;
    if missed > 0 {
        return Err(format!("{missed} calls were no hits in Redis").into());
    }
    Ok(table)
}

/// Hits of cachekit, or the same reads by a plain client, for a count of instructions.
pub(super) async fn single(
    server: &Server,
    cache: &Cache,
    is_ours: bool,
) -> Result<Operation, Fail> {
    let ours = by_arguments(cache);
    fill(&[&ours]).await?;
    if is_ours {
        return Ok(ours);
    }
    let connection = raw::connect(server).await?;
    let all_there = questions(&connection).await?;
    let [_, mget, _] = plain_client(&connection, &all_there)?;
    Ok(mget)
}

fn by_arguments(cache: &Cache) -> Operation {
    our_own(
        cache,
        "cachekit, both tags from the arguments",
        |cache, id| async move { tagged_by_arguments(&cache, id % 100, id).await },
    )
}

fn our_own<Fut>(cache: &Cache, name: &str, call: fn(Cache, u64) -> Fut) -> Operation
where
    Fut: Future<Output = User> + Send + 'static,
{
    let cache = cache.clone();
    Operation::new(name, move |number| {
        let user = call(cache.clone(), number % KEYS);
        async move {
            black_box(user.await);
            Ok(())
        }
    })
    .of(Kind::Ours)
}

/// Until every call is a hit: stores go on behind the calls.
async fn fill(operations: &[&Operation]) -> Result<(), Fail> {
    for _ in 0..10 {
        let before = user::loads();
        for operation in operations {
            for number in 0..KEYS {
                operation.once(number).await?;
            }
        }
        if user::loads() == before {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err("calls are not answered from Redis".into())
}

/// The names that each hit of cachekit asks for, all of which must be there.
async fn questions(connection: &MultiplexedConnection) -> Result<Vec<Arc<[String]>>, Fail> {
    let mut all = Vec::new();
    for id in 0..KEYS {
        let org = id % 100;
        let names = raw::names(
            &format!("a:{org}:{id}"),
            "by args",
            &["users", &format!("org:{org}")],
        );
        let there: Vec<Option<Vec<u8>>> = ask(&names).query_async(&mut connection.clone()).await?;
        if there.iter().any(Option::is_none) {
            return Err(format!("not what cachekit reads: {names:?}").into());
        }
        all.push(names.into());
    }
    Ok(all)
}

fn ask(names: &[String]) -> Cmd {
    let mut mget = cmd("MGET");
    mget.arg(names);
    mget
}

/// Reads of the same names by a plain client, which then decodes a `User`.
fn plain_client(
    connection: &MultiplexedConnection,
    questions: &[Arc<[String]>],
) -> Result<[Operation; 3], Fail> {
    let bytes: Arc<[u8]> = raw::encode(&User::new(1))?.into();
    let questions: Arc<[Arc<[String]>]> = questions.into();
    let with = (connection.clone(), questions, bytes);
    let whole = plain_client_with(
        &with,
        "redis-rs: PTTL and MGET of the same, decode",
        |mut to, names| async move {
            let mut both = pipe();
            both.cmd("PTTL").arg(&names[0]).add_command(ask(&names));
            let read: (i64, Vec<Option<Vec<u8>>>) = both.query_async(&mut to).await?;
            Ok(read.1.len() == 5)
        },
    );
    let mget = plain_client_with(
        &with,
        "redis-rs: MGET of the same, decode",
        |mut to, names| async move {
            let read: Vec<Option<Vec<u8>>> = ask(&names).query_async(&mut to).await?;
            Ok(read.len() == 5)
        },
    );
    let get = plain_client_with(
        &with,
        "redis-rs: GET of the entry alone, decode",
        |mut to, names| async move {
            let read: Option<Vec<u8>> = cmd("GET").arg(&names[0]).query_async(&mut to).await?;
            Ok(read.is_some())
        },
    );
    // The versions, by which cachekit sees that the entry is valid, are not read.
    Ok([whole, mget, get.of(Kind::Floor)])
}

type With = (MultiplexedConnection, Arc<[Arc<[String]>]>, Arc<[u8]>);

fn plain_client_with<Fut>(
    (connection, questions, bytes): &With,
    name: &str,
    read: fn(MultiplexedConnection, Arc<[String]>) -> Fut,
) -> Operation
where
    Fut: Future<Output = Result<bool, Fail>> + Send + 'static,
{
    let (connection, questions) = (connection.clone(), Arc::clone(questions));
    let bytes = Arc::clone(bytes);
    Operation::new(name, move |number| {
        let at = usize::try_from(number % KEYS).unwrap_or_default();
        let reading = read(connection.clone(), Arc::clone(&questions[at]));
        let bytes = Arc::clone(&bytes);
        async move {
            if !reading.await? {
                return Err(format!("the entry of {at} is gone").into());
            }
            black_box(raw::decode(&bytes)?);
            Ok(())
        }
    })
}
