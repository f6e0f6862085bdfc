//! An associated function of a row's type.

use cachekit::cached;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

diesel::table! {
    categories (id) {
        id -> Integer,
        slug -> Text,
        description -> Text,
        crates_cnt -> Integer,
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = categories)]
pub struct Category {
    pub id: i32,
    pub slug: String,
    pub description: String,
    pub crates_cnt: i32,
}

impl Category {
    #[cached(key = "toplevel:{sort}:{limit}:{offset}", ttl = 600, companion = false)]
    pub async fn toplevel(
        mut conn: &AsyncPgConnection,
        sort: &str,
        limit: i64,
        offset: i64,
    ) -> QueryResult<Vec<Category>> {
        let mut query = categories::table
            .select(Category::as_select())
            .limit(limit)
            .offset(offset)
            .into_boxed();
        query = match sort {
            "crates" => query.order(categories::crates_cnt.desc()),
            _ => query.order(categories::slug.asc()),
        };
        query.load(&mut conn).await
    }
}
