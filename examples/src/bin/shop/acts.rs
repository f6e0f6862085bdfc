//! The four acts, each with the cache and without it.

use std::sync::Arc;
use std::time::Duration;

use cachekit::warm;
use cachekit_examples::program::Fail;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::args::{Args, Size};
use crate::live::Live;
use crate::load::{Load, Measured, Meter};
use crate::prices;
use crate::products::{self, now};
use crate::requests::{Request, draw};
use crate::side::Side;

/// The writes of products among 1,000 requests, in the act with price changes.
const WRITES: u32 = 10;

/// The share of the products that are warmed before the steady traffic, the hottest first.
const WARMED: u32 = 4;

/// The time from the announcement of the sale to its beginning, in milliseconds.
const ANNOUNCED: i64 = 1_000;

/// The time from the beginning of the sale to the first request of the crowd. An entry in memory may
/// be served up to 10 ms after its end, because of the coarse clock that hits read, and a busy machine
/// may have delayed the storing of the entry after its `ttl` was computed.
const AFTER: Duration = Duration::from_millis(200);

/// The name of the act with the flash sale.
pub(crate) const SALE: &str = "flash sale";

#[derive(Debug)]
pub(crate) struct Act {
    pub(crate) name: &'static str,
    pub(crate) with: Measured,
    pub(crate) without: Measured,
}

/// The two shops, and the sizes of the loads.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) with: Arc<Side>,
    pub(crate) without: Arc<Side>,
    pub(crate) size: Size,
    pub(crate) seed: u64,
}

impl Stage {
    pub(crate) fn new(with: Arc<Side>, without: Arc<Side>, args: &Args) -> Self {
        Self {
            with,
            without,
            size: args.size,
            seed: args.seed,
        }
    }

    pub(crate) async fn all(&self) -> Result<Vec<Act>, Fail> {
        Ok(vec![
            self.cold_start().await?,
            self.steady_traffic().await?,
            self.flash_sale().await?,
            self.price_changes().await?,
        ])
    }

    async fn cold_start(&self) -> Result<Act, Fail> {
        let requests = draw(&self.size, self.size.cold, 0, self.seed);
        Ok(Act {
            name: "cold start",
            without: self.compare("cold start, no cache", &requests).await?,
            with: {
                let meter = Meter::start(&self.with);
                self.traffic(meter, "cold start", requests).await?
            },
        })
    }

    /// Begins with an empty cache that is warmed. The queries of the warming are counted too.
    async fn steady_traffic(&self) -> Result<Act, Fail> {
        let requests = draw(&self.size, self.size.steady, 0, self.seed + 10);
        let without = self.compare("steady traffic, no cache", &requests).await?;
        self.with.nodes.clear().await;
        let meter = Meter::start(&self.with);
        for shop in &self.with.nodes.shops {
            let hottest = 1..=self.size.products / WARMED;
            warm(hottest, |id| products::product(shop, id)).await;
        }
        let with = self.traffic(meter, "steady traffic", requests).await?;
        Ok(Act {
            name: "steady traffic",
            with,
            without,
        })
    }

    async fn flash_sale(&self) -> Result<Act, Fail> {
        let crowd = |side, requests, title| self.sale(side, requests, title);
        let few = self.size.without.min(self.size.sale);
        Ok(Act {
            name: SALE,
            without: crowd(&self.without, few, "flash sale, no cache").await?,
            with: crowd(&self.with, self.size.sale, SALE).await?,
        })
    }

    /// Announces the sale, has each instance show the announcement, and sends the crowd after the
    /// sale has begun, when the entry of the announcement has ended.
    async fn sale(
        &self,
        side: &Arc<Side>,
        requests: usize,
        title: &'static str,
    ) -> Result<Measured, Fail> {
        let load = Load::new(side, vec![Request::Deal; requests]);
        let connections = load.connect(self.size.crowd).await?;
        let begins = now() + ANNOUNCED;
        side.nodes.database.announce(1, begins).await?;
        for shop in &side.nodes.shops {
            let announced = products::deal(shop, 1).await?;
            if announced.is_open {
                return Err(
                    "the machine is too slow: the sale began while it was announced".into(),
                );
            }
        }
        while now() <= begins {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(AFTER).await;
        let meter = Meter::start(side);
        meter.run(&load, connections, None, Live::new(title)).await
    }

    async fn price_changes(&self) -> Result<Act, Fail> {
        let draw = |count| draw(&self.size, count, WRITES, self.seed + 20);
        let few = self.size.without.min(self.size.prices);
        let measured = |side, requests, title| self.writes(side, requests, title);
        Ok(Act {
            name: "price changes",
            without: measured(&self.without, draw(few), "price changes, no cache").await?,
            with: measured(&self.with, draw(self.size.prices), "price changes").await?,
        })
    }

    async fn writes(
        &self,
        side: &Arc<Side>,
        requests: Vec<Request>,
        title: &'static str,
    ) -> Result<Measured, Fail> {
        let load = Load::new(side, requests);
        let connections = load.connect(self.size.callers).await?;
        let mut beside = JoinSet::new();
        let drawn = (self.size.products, self.seed + 30);
        beside.spawn(prices::measure(Arc::clone(side), Arc::clone(&load), drawn));
        let meter = Meter::start(side);
        meter
            .run(&load, connections, Some(beside), Live::new(title))
            .await
    }

    /// Sends the first of the requests to the shop without the cache.
    async fn compare(&self, title: &'static str, requests: &[Request]) -> Result<Measured, Fail> {
        let few = &requests[..requests.len().min(self.size.without)];
        self.send(
            Meter::start(&self.without),
            &self.without,
            title,
            few.to_vec(),
        )
        .await
    }

    async fn traffic(
        &self,
        meter: Meter,
        title: &'static str,
        requests: Vec<Request>,
    ) -> Result<Measured, Fail> {
        self.send(meter, &self.with, title, requests).await
    }

    async fn send(
        &self,
        meter: Meter,
        side: &Arc<Side>,
        title: &'static str,
        requests: Vec<Request>,
    ) -> Result<Measured, Fail> {
        let load = Load::new(side, requests);
        let connections = load.connect(self.size.callers).await?;
        meter.run(&load, connections, None, Live::new(title)).await
    }
}
