//! The subscriptions to the sentinels, one connection each, which tell at once that another server
//! has become the master.
//!
//! After a planned failover the former master takes writes for many seconds, which are lost. Only a
//! sentinel can say so in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::base::home_runtime::HomeRuntime;
use crate::base::random::jittered;
use crate::base::sync::Mutex;
use crate::store::redis::address::Address;
use crate::store::redis::sentinel::question::ask_by;
use crate::store::redis::sentinel::sentinels::Sentinels;
use crate::store::redis::timeout::CONNECT_TIMEOUT;
use crate::store::redis::unconnected::Unconnected;

/// The channel on which a sentinel says that another server is the master.
const CHANNEL: &str = "+switch-master";

/// The longest time without a question to a sentinel. A question finds a connection that hangs, and
/// a change whose message was lost.
const ASK_EVERY: Duration = Duration::from_secs(5);

const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The tasks that listen to the sentinels, until this value is dropped.
#[derive(Debug)]
pub(crate) struct SentinelWatch {
    sentinels: Arc<Sentinels>,
    home: Arc<HomeRuntime>,
    /// One task for each sentinel.
    tasks: Mutex<Vec<AbortHandle>>,
}

impl SentinelWatch {
    /// Begins to listen to all `sentinels`, by tasks on `home`.
    pub(crate) fn open(home: Arc<HomeRuntime>, sentinels: Arc<Sentinels>) -> Self {
        let watch = Self {
            sentinels,
            home,
            tasks: Mutex::default(),
        };
        watch.begin_again();
        watch
    }

    /// Ends the tasks, which may no longer run, and begins new ones on the home runtime.
    pub(crate) fn begin_again(&self) {
        let mut tasks = self.tasks.lock();
        tasks.drain(..).for_each(|task| task.abort());
        for address in self.sentinels.addresses.iter().cloned() {
            let task = self.home.spawn(keep(Arc::clone(&self.sentinels), address));
            tasks.push(task.abort_handle());
        }
    }
}

impl Drop for SentinelWatch {
    fn drop(&mut self) {
        self.tasks.lock().iter().for_each(AbortHandle::abort);
    }
}

/// Listens to the sentinel at `address` again whenever the connection is lost. Never returns.
async fn keep(sentinels: Arc<Sentinels>, address: Address) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let begun = AtomicBool::new(false);
        // The master's own connections report what keeps the cache from its master. A sentinel that
        // is away is no problem as long as another one answers; the doctor names it.
        let _ = listen(&sentinels, &address, &begun).await;
        if begun.into_inner() {
            pause = SHORTEST_PAUSE;
        }
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Subscribes, and asks the sentinel for the master then, after each message, and regularly. Returns
/// when the connection is lost or hangs. Sets `begun` after the first answer.
async fn listen(
    sentinels: &Sentinels,
    address: &Address,
    begun: &AtomicBool,
) -> Result<(), Unconnected> {
    let news = Arc::new(Notify::new());
    let lost = Arc::new(AtomicBool::new(false));
    let subscribing = subscribe(address, &sentinels.name, &news, &lost);
    let mut connection = match timeout(CONNECT_TIMEOUT, subscribing).await {
        Ok(made) => made?,
        Err(_) => return Err(Unconnected::passing("no answer in time")),
    };
    while !lost.load(Ordering::Acquire) {
        if let Some(answer) = ask_by(&mut connection, address, &sentinels.name).await? {
            sentinels.learn(&answer);
        }
        begun.store(true, Ordering::Relaxed);
        // The sentinel is asked again after news, and also without news after `ASK_EVERY`.
        let _ = timeout(ASK_EVERY, news.notified()).await;
    }
    Ok(())
}

/// Connects and subscribes. Notifies `news` of each message about the set `name`, and when the
/// connection is lost, which also sets `lost`.
async fn subscribe(
    address: &Address,
    name: &str,
    news: &Arc<Notify>,
    lost: &Arc<AtomicBool>,
) -> Result<MultiplexedConnection, Unconnected> {
    let (news, lost) = (Arc::clone(news), Arc::clone(lost));
    let begin = format!("{name} ");
    let on_push = move |push: PushInfo| {
        match push.kind {
            PushKind::Disconnection => {
                lost.store(true, Ordering::Release);
                news.notify_one();
            }
            PushKind::Message if is_about(&push, begin.as_bytes()) => news.notify_one(),
            _ => {}
        }
        Ok(())
    };
    let mut connection = address.connect(on_push).await?;
    let subscribed = connection.subscribe(CHANNEL).await;
    subscribed.map_err(|error| Unconnected::of(address, &error))?;
    Ok(connection)
}

/// Returns `true` if the message of `push` begins with `begin`, the name of the set.
fn is_about(push: &PushInfo, begin: &[u8]) -> bool {
    matches!(&push.data[..], [_, Value::BulkString(text)] if text.starts_with(begin))
}
