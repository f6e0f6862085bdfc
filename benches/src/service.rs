//! Requests of a small HTTP service with an `SQLite` database, with cachekit and without it.

mod database;
mod load;
mod routes;
mod shop;

use std::fmt::{self, Display};
use std::net::SocketAddr;

use axum::serve::ListenerExt as _;
use cachekit::Cache;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use self::database::Database;
use self::shop::{Shop, Tags};
use crate::Fail;
use crate::redis::Server;
use crate::report::{Kind, Row, Table};
use crate::rounds::{Rounds, Speeds, median};

/// The requests of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requests {
    /// Reads of one product.
    Product,
    /// Reads of the 50 products of a category.
    Category,
    /// Nine reads in ten, of products and of categories; the tenth asks for a product that does not
    /// exist.
    Mix,
    /// Reads of one product, and two writes of a price in a hundred requests.
    Writes(Tags),
}

/// All loads, in the order of the tables.
const LOADS: [Requests; 5] = [
    Requests::Product,
    Requests::Category,
    Requests::Mix,
    Requests::Writes(Tags::Category),
    Requests::Writes(Tags::Product),
];

impl Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Product => "one product",
            Self::Category => "50 products of a category",
            Self::Mix => "70 % products, 20 % categories, 10 % of no product",
            Self::Writes(Tags::Category) => {
                "2 % writes, each of which invalidates the 50 products of a category"
            }
            Self::Writes(Tags::Product) => "2 % writes, each of which invalidates one product",
        })
    }
}

/// A service that is measured.
struct Service {
    name: &'static str,
    kind: Kind,
    cache: Cache,
    address: SocketAddr,
    measured: Vec<load::Round>,
}

/// A table for each load.
///
/// # Errors
///
/// If there is no Redis to start, or a service gives a wrong answer.
pub fn tables(runtime: &Handle, rounds: Rounds) -> Result<Vec<Table>, Fail> {
    let server = Server::start()?;
    runtime.block_on(async {
        let mut tables = Vec::new();
        for requests in LOADS {
            tables.push(table(&server, requests, rounds).await?);
        }
        Ok(tables)
    })
}

async fn table(server: &Server, requests: Requests, rounds: Rounds) -> Result<Table, Fail> {
    let tags = match requests {
        Requests::Writes(tags) => tags,
        _ => Tags::Product,
    };
    let mut services = services(server, requests, tags).await?;
    for round in 0..=rounds.count {
        for service in &mut services {
            let seed = u64::try_from(round).unwrap_or_default();
            let measured = load::round(
                service.address,
                &service.cache,
                requests,
                rounds.length,
                seed,
            )
            .await?;
            // The caches are empty at first.
            if round > 0 {
                service.measured.push(measured);
            }
        }
    }
    for service in &services {
        service.cache.shutdown().await;
    }
    Ok(Table {
        title: format!("Requests of a service over HTTP with SQLite: {requests}"),
        notes: Vec::new(),
        columns: ["× without a cache", "hit rate, %", "p50, ms", "p99, ms"]
            .map(Into::into)
            .to_vec(),
        rows: rows(&services),
    })
}

/// The service with each kind of cache, all with a database of their own.
async fn services(server: &Server, requests: Requests, tags: Tags) -> Result<[Service; 3], Fail> {
    let number = LOADS.iter().position(|it| *it == requests).unwrap_or(0);
    let namespace = format!("service-{number}");
    let without = Cache::builder().enabled(false).build().await?;
    let memory = Cache::builder().build().await?;
    let redis = Cache::builder().namespace(namespace).redis(server.url());
    let redis = redis.build().await?;
    Ok([
        serve("without a cache", Kind::Rival, without, None).await?,
        serve("memory", Kind::Ours, memory, Some(tags)).await?,
        serve("memory and Redis", Kind::Ours, redis, Some(tags)).await?,
    ])
}

async fn serve(
    name: &'static str,
    kind: Kind,
    cache: Cache,
    tags: Option<Tags>,
) -> Result<Service, Fail> {
    let shop = Shop {
        database: Database::create().await?,
        cache: cache.clone(),
        tags,
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|connection| {
        // Without this, small answers wait for acknowledgements. A failure only costs time.
        let _ = connection.set_nodelay(true);
    });
    let router = routes::router(shop);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(Service {
        name,
        kind,
        cache,
        address,
        measured: Vec::new(),
    })
}

fn rows(services: &[Service; 3]) -> Vec<Row> {
    let speeds = |service: &Service| {
        let mut speeds = Speeds::default();
        for round in &service.measured {
            speeds.push(round.requests);
        }
        speeds
    };
    let [without, _, redis] = services.each_ref().map(speeds);
    let row = |service: &Service| {
        let middle = |figure: fn(&load::Round) -> f64| {
            let figures = service.measured.iter().map(figure);
            Some(median(figures.collect()))
        };
        Row {
            name: service.name.to_owned(),
            kind: service.kind,
            times: speeds(service).times(&redis),
            figures: vec![
                Some(speeds(service).times(&without)),
                (service.kind == Kind::Ours)
                    .then(|| middle(|round| round.hit_rate))
                    .flatten(),
                middle(|round| round.p50),
                middle(|round| round.p99),
            ],
        }
    };
    services.iter().map(row).collect()
}
