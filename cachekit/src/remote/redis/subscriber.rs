//! The connection on which the server speaks by itself.
//!
//! It carries no commands: a push that the client takes for an answer would give every
//! later command the answer of another.

use std::sync::Arc;
use std::time::Duration;

use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::address::Address;
use super::link::{CONNECT_TIMEOUT, jittered};
use crate::remote::name::Name;
use crate::remote::{Message, Sink};

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Subscribes, and subscribes again whenever the connection is lost.
#[derive(Debug)]
pub(super) struct Subscriber(JoinHandle<()>);

impl Subscriber {
    /// Listens to `channel` for ever.
    pub(super) fn open(address: Address, channel: Vec<u8>, sink: Sink) -> Self {
        Self(tokio::spawn(async move {
            let mut pause = SHORTEST_PAUSE;
            loop {
                let heard = listen(&address, &channel, &sink).await;
                if heard.is_ok() {
                    pause = SHORTEST_PAUSE;
                } else {
                    tokio::time::sleep(jittered(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }))
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens until the connection is lost.
async fn listen(address: &Address, channel: &[u8], sink: &Sink) -> Result<(), RedisError> {
    let lost = Arc::new(Notify::new());
    let on_push = {
        let (sink, lost) = (Arc::clone(sink), Arc::clone(&lost));
        move |push: PushInfo| {
            match push.kind {
                PushKind::Disconnection => lost.notify_one(),
                PushKind::Message => {
                    if let Some(Value::BulkString(name)) = push.data.get(1) {
                        sink(Message::Wake(Name::read(name)));
                    }
                }
                _ => {}
            }
            Ok(())
        }
    };
    let subscribe = async {
        let mut connection = address.connect(on_push).await?;
        connection.subscribe(channel).await?;
        Ok::<_, RedisError>(connection)
    };
    let _connection = match timeout(CONNECT_TIMEOUT, subscribe).await {
        Ok(made) => made?,
        Err(_) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    };
    lost.notified().await;
    Ok(())
}
