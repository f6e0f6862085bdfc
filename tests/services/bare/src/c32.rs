//! Invoices by a filter of many types, none of which is the service's own but one.

use cachekit::{CacheKey, cached};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Stands for the pool of connections.
#[derive(Clone)]
pub struct Db {
    pub rows: std::sync::Arc<[Invoice]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, CacheKey, Serialize, Deserialize)]
pub enum Status {
    Open,
    Paid,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invoice {
    pub customer: Uuid,
    pub issued: DateTime<Utc>,
    pub due: NaiveDate,
    pub total: Decimal,
    pub status: Status,
}

#[cached(skip(db), ttl = 60)]
pub async fn invoices(
    db: &Db,
    customers: &[Uuid],
    until: DateTime<Utc>,
    due: Option<NaiveDate>,
    at_least: Decimal,
    status: Option<Status>,
) -> eyre::Result<Vec<Invoice>> {
    eyre::ensure!(!customers.is_empty(), "no customer was named");
    Ok(db
        .rows
        .iter()
        .filter(|row| customers.contains(&row.customer))
        .filter(|row| row.issued <= until && row.total >= at_least)
        .filter(|row| due.is_none_or(|due| row.due == due))
        .filter(|row| status.is_none_or(|status| row.status == status))
        .cloned()
        .collect())
}
