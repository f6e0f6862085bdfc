//! The time until a price is seen everywhere: prices are written one after the other while the load
//! goes on, and after each write all instances are asked until each has shown the new price.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachekit_examples::client::Connection;
use cachekit_examples::program::Fail;
use cachekit_examples::truth::WINDOW;
use cachekit_examples::workload::zipf;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::load::{Load, Part, record};
use crate::requests::Request;
use crate::side::{Seen, Side};

/// The least and the greatest number of writes that are measured.
const LEAST: usize = 10;
const MOST: usize = 1_000;

/// The pause between two measured writes.
const PAUSE: Duration = Duration::from_millis(10);

type Shared = Arc<Mutex<Connection>>;

/// Measures until the load has ended.
pub(crate) async fn measure(
    side: Arc<Side>,
    load: Arc<Load>,
    (products, seed): (u32, u64),
) -> Result<Part, Fail> {
    let mut part = Part::new()?;
    let nodes = side.nodes.addresses.len();
    let connections = load.connect(nodes).await?.into_iter();
    let connections: Vec<Shared> = connections
        .map(|(_, it)| Arc::new(Mutex::new(it)))
        .collect();
    for (number, product) in zipf(products, MOST, seed).into_iter().enumerate() {
        if number >= LEAST && load.is_done() {
            break;
        }
        let writer = number % nodes;
        for (node, to) in connections.iter().enumerate() {
            ask(&side, node, to, product, &mut part).await?;
        }
        let request = Request::SetPrice(product);
        let (method, path, body) = request.parts(number);
        let began = Instant::now();
        let answer = connections[writer]
            .lock()
            .await
            .send(method, &path, &body)
            .await?;
        let at = Instant::now();
        record(&mut part.latency, at - began);
        let written: Seen = serde_json::from_slice(&answer)?;
        side.returned(writer, written, at);
        let delay = seen_everywhere(&side, &connections, product, (written, at), &mut part).await?;
        record(&mut part.seen, delay);
        sleep(PAUSE).await;
    }
    Ok(part)
}

/// Returns the time from the write until each instance has shown the new price. Each is asked by a
/// task of its own, so that a slow one does not delay the others.
async fn seen_everywhere(
    side: &Arc<Side>,
    connections: &[Shared],
    product: u32,
    (written, at): (Seen, Instant),
    part: &mut Part,
) -> Result<Duration, Fail> {
    let mut asked: JoinSet<Result<(Duration, Part), Fail>> = JoinSet::new();
    for (node, to) in connections.iter().enumerate() {
        let (side, to) = (Arc::clone(side), Arc::clone(to));
        asked.spawn(async move {
            let mut part = Part::new()?;
            // A price that does not arrive is a stale read, and one is enough.
            while ask(&side, node, &to, product, &mut part).await?.version < written.version
                && at.elapsed() < WINDOW * 2
            {}
            Ok((at.elapsed(), part))
        });
    }
    let mut longest = Duration::ZERO;
    while let Some(of_node) = asked.join_next().await {
        let (delay, counts) = of_node??;
        longest = longest.max(delay);
        part.add(counts)?;
    }
    Ok(longest)
}

/// Asks the instance `node` for a product, and judges the answer.
async fn ask(
    side: &Arc<Side>,
    node: usize,
    to: &Mutex<Connection>,
    product: u32,
    part: &mut Part,
) -> Result<Seen, Fail> {
    let (method, path, body) = Request::Product(product).parts(0);
    let began = Instant::now();
    let answer = to.lock().await.send(method, &path, &body).await?;
    record(&mut part.latency, began.elapsed());
    let seen = serde_json::from_slice(&answer)?;
    side.judge(node, seen, began, part);
    Ok(seen)
}
