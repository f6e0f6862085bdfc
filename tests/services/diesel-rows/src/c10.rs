//! Items by a connection that is handed on.

use cachekit::{cached, invalidates};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

diesel::table! {
    items (id) {
        id -> diesel::sql_types::Uuid,
        name -> Text,
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = items)]
pub struct Item {
    pub id: Uuid,
    pub name: String,
}

pub type DbError = Box<dyn std::error::Error + Send + Sync>;

#[cached(key = "diesel_item:{id}", ttl = 300)]
pub async fn find_item_by_id(
    conn: &mut AsyncPgConnection,
    id: Uuid,
) -> Result<Option<Item>, DbError> {
    let item = items::table
        .find(id)
        .select(Item::as_select())
        .first(conn)
        .await
        .optional()?;
    Ok(item)
}

#[invalidates(find_item_by_id(_, ret.id))]
pub async fn insert_new_item(conn: &mut AsyncPgConnection, name: &str) -> Result<Item, DbError> {
    let item = Item {
        id: Uuid::new_v4(),
        name: name.to_owned(),
    };
    diesel::insert_into(items::table)
        .values(&item)
        .execute(conn)
        .await?;
    Ok(item)
}
