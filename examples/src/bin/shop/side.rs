//! A side of the comparison: the shop with the cache or the shop without it, with the truth about its
//! products.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachekit_examples::program::Fail;
use cachekit_examples::truth::{Truth, Verdict};
use serde::Deserialize;

use crate::args::Args;
use crate::load::Part;
use crate::nodes::Nodes;
use crate::products::Offer;
use crate::requests::Request;

/// The pause between two checks that Redis has accepted the waiting invalidations.
const LOOK: Duration = Duration::from_millis(1);

/// A product in an answer.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Seen {
    id: u32,
    pub(crate) version: u32,
}

#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) nodes: Nodes,
    truth: Truth<u32>,
}

impl Side {
    pub(crate) fn new(nodes: Nodes, args: &Args) -> Arc<Self> {
        let truth = Truth::new(1..=args.size.products, args.nodes);
        Arc::new(Self { nodes, truth })
    }

    /// Checks an answer of the instance `node` to a request that began at the time `began`, and
    /// counts it in `part`.
    pub(crate) fn check(
        self: &Arc<Self>,
        node: usize,
        request: Request,
        body: &[u8],
        began: Instant,
        part: &mut Part,
    ) -> Result<(), Fail> {
        match request {
            Request::Product(_) => self.judge(node, serde_json::from_slice(body)?, began, part),
            Request::Category(_) | Request::Offers => {
                for seen in serde_json::from_slice::<Vec<Seen>>(body)? {
                    self.judge(node, seen, began, part);
                }
            }
            Request::SetPrice(_) | Request::SetStock(_) => {
                self.returned(node, serde_json::from_slice(body)?, Instant::now());
            }
            Request::Deal => {
                // The sale's requests are sent after its beginning.
                if !serde_json::from_slice::<Offer>(body)?.is_open {
                    part.stale
                        .push(format!("instance {}: the sale had begun", node + 1));
                }
            }
            Request::Cart(_) | Request::AddToCart { .. } => {}
        }
        Ok(())
    }

    pub(crate) fn judge(&self, node: usize, seen: Seen, began: Instant, part: &mut Part) {
        match self.truth.judge(node, seen.id, seen.version, began) {
            Verdict::Fresh => {}
            Verdict::Behind(_) => part.behind += 1,
            Verdict::Stale(stale) => part.stale.push(format!(
                "instance {} returned version {} of product {}; version {} had been written \
                 {:.1?} before the request began",
                node + 1,
                stale.got,
                stale.item,
                stale.newer,
                stale.since,
            )),
        }
    }

    /// Records that a write through the instance `node` returned at the time `at`. From then on,
    /// requests to this instance must see the write. The other instances must show it after Redis
    /// has accepted it, which is nearly always before the write returned.
    pub(crate) fn returned(self: &Arc<Self>, node: usize, written: Seen, at: Instant) {
        let Seen { id, version } = written;
        self.truth.returned(node, id, version, at);
        if self.is_accepted(node) {
            self.truth.accepted(id, version, at);
            return;
        }
        let side = Arc::clone(self);
        tokio::spawn(async move {
            while !side.is_accepted(node) {
                tokio::time::sleep(LOOK).await;
            }
            side.truth.accepted(id, version, Instant::now());
        });
    }

    /// Returns `true` if Redis has accepted every invalidation of the instance.
    fn is_accepted(&self, node: usize) -> bool {
        let stats = self.nodes.shops[node].cache.stats();
        stats.redis.queued_invalidations == 0
    }
}
