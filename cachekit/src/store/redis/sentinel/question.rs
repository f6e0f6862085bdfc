//! The question to one sentinel for the master of its set.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};
use tokio::time::timeout;

use crate::store::redis::address::Address;
use crate::store::redis::handshake::text;
use crate::store::redis::permissions::is_refused;
use crate::store::redis::place::Place;
use crate::store::redis::sentinel::answer::Answer;
use crate::store::redis::unconnected::Unconnected;

/// The time limit for one question to one sentinel, connecting included. A sentinel that does not
/// answer holds nobody up, because all are asked at the same time.
pub(crate) const ASK_TIMEOUT: Duration = Duration::from_millis(500);

const OTHER_ACCOUNTS: &str = "check `sentinel_user` and `sentinel_password` (REDIS_SENTINEL_USER, \
                              REDIS_SENTINEL_PASSWORD): sentinels have accounts of their own";

/// Asks the sentinel at `sentinel`, by a new connection, for the master of the set `name`. Returns
/// `None` if the sentinel does not know the set.
pub(crate) async fn ask(sentinel: &Address, name: &str) -> Result<Option<Answer>, Unconnected> {
    let asking = async {
        let connecting = sentinel.connect(|_| Ok(()));
        let mut connection = connecting.await.map_err(of_sentinel)?;
        question(&mut connection, sentinel, name).await
    };
    match timeout(ASK_TIMEOUT, asking).await {
        Ok(answered) => answered,
        Err(_) => Err(no_answer()),
    }
}

/// Asks by a connection that is already there.
pub(crate) async fn ask_by(
    connection: &mut MultiplexedConnection,
    sentinel: &Address,
    name: &str,
) -> Result<Option<Answer>, Unconnected> {
    match timeout(ASK_TIMEOUT, question(connection, sentinel, name)).await {
        Ok(answered) => answered,
        Err(_) => Err(no_answer()),
    }
}

fn no_answer() -> Unconnected {
    Unconnected::passing("the sentinel gives no answer in time")
}

/// Asks for the number of the choice, and then for the place. In this order, the place is at least
/// as new as the number. The first answer has a place too, but during a change it is the former
/// master's.
async fn question(
    connection: &mut MultiplexedConnection,
    sentinel: &Address,
    name: &str,
) -> Result<Option<Answer>, Unconnected> {
    let mut questions = Pipeline::new();
    questions.cmd("SENTINEL").arg("MASTER").arg(name);
    questions
        .cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(name);
    let answers = connection
        .send_packed_commands(&questions, 0, questions.len())
        .await
        .map_err(|error| of_sentinel(Unconnected::of(sentinel, &error)))?;
    if answers.iter().any(is_unknown_command) {
        return Err(Unconnected::lasting(
            format!("{sentinel:?}"),
            "is no sentinel".to_owned(),
            "give the port of the sentinel, which is usually 26379",
        ));
    }
    if answers.iter().any(is_refused) {
        return Err(Unconnected::lasting(
            format!("the sentinel {sentinel:?}"),
            "does not let this user run SENTINEL".to_owned(),
            "run `ACL SETUSER <user> +sentinel|master +sentinel|get-master-addr-by-name +subscribe \
             &+switch-master` on every sentinel (docs/redis.md)",
        ));
    }
    let [master, place] = &answers[..] else {
        return Err(Unconnected::passing("the sentinel answers something else"));
    };
    Ok(read_place(place).map(|place| Answer {
        place,
        epoch: epoch(master),
    }))
}

/// Returns the reason `unconnected` with the sentinel, and not a Redis, as the server that refuses.
fn of_sentinel(mut unconnected: Unconnected) -> Unconnected {
    if let Some(lasting) = &mut unconnected.lasting {
        lasting.who = format!("the sentinel {}", lasting.who);
        if lasting.problem.contains("login") {
            lasting.remedy = OTHER_ACCOUNTS.into();
        }
    }
    unconnected
}

fn is_unknown_command(answer: &Value) -> bool {
    let Value::ServerError(error) = answer else {
        return false;
    };
    let details = error.details();
    details.is_some_and(|details| details.contains("unknown command"))
}

/// Reads the host and the port of the master. Returns `None` if the sentinel knows none.
fn read_place(answer: &Value) -> Option<Place> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let [host, port] = &parts[..] else {
        return None;
    };
    Some(Place {
        host: text(host)?.to_owned(),
        port: text(port)?.parse().ok()?,
    })
}

/// Reads the number of the choice. A sentinel that does not tell it counts as the oldest.
fn epoch(answer: &Value) -> u64 {
    let is_epoch = |field: &Value| text(field) == Some("config-epoch");
    let value = match answer {
        Value::Map(pairs) => {
            let found = pairs.iter().find(|(field, _)| is_epoch(field));
            found.map(|(_, value)| value)
        }
        Value::Array(parts) => {
            let found = parts.chunks_exact(2).find(|pair| is_epoch(&pair[0]));
            found.map(|pair| &pair[1])
        }
        _ => None,
    };
    let epoch = value.and_then(text);
    epoch.and_then(|epoch| epoch.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn answers_of_both_protocols_are_read() {
        let pair = (bulk("config-epoch"), bulk("7"));
        let other = (bulk("name"), bulk("mymaster"));
        assert_eq!(epoch(&Value::Map(vec![other, pair])), 7);
        let parts = ["name", "mymaster", "config-epoch", "8"].map(bulk);
        assert_eq!(epoch(&Value::Array(parts.into())), 8);
        for answer in [Value::Nil, Value::Array(vec![bulk("config-epoch")])] {
            assert_eq!(epoch(&answer), 0, "{answer:?}");
        }
    }

    #[test]
    fn any_place_is_read_without_a_panic() {
        let read =
            |parts: &[&str]| read_place(&Value::Array(parts.iter().map(|it| bulk(it)).collect()));
        let place = read(&["10.0.0.1", "6379"]).expect("a place");
        assert_eq!(place.to_string(), "10.0.0.1:6379");
        for parts in [&[][..], &["host"], &["host", "port"], &["host", "70000"]] {
            assert_eq!(read(parts), None, "{parts:?}");
        }
        assert_eq!(read_place(&Value::Nil), None);
    }
}
