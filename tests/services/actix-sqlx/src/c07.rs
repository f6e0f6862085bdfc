//! A write within a transaction that is open.

use cachekit::invalidates;
use chrono::Utc;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

pub struct NewSubscriber {
    pub email: String,
    pub name: String,
}

#[tracing::instrument(name = "Save a new subscriber", skip(transaction, new_subscriber))]
#[invalidates(tags = ["subscribers"])]
pub async fn insert_subscriber(
    transaction: &mut Transaction<'_, Postgres>,
    new_subscriber: &NewSubscriber,
) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::new_v4();
    sqlx::query(
        "insert into subscriptions (id, email, name, subscribed_at, status) \
         values ($1, $2, $3, $4, 'pending')",
    )
    .bind(id)
    .bind(&new_subscriber.email)
    .bind(&new_subscriber.name)
    .bind(Utc::now())
    .execute(&mut **transaction)
    .await?;
    Ok(id)
}
