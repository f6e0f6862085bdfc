//! The languages that a user reads, with ids that are types of their own.

use cachekit::{CacheKey, cached};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_derive_newtype::DieselNewType;
use serde::{Deserialize, Serialize};

diesel::table! {
    local_user_language (local_user_id, language_id) {
        local_user_id -> Integer,
        language_id -> Integer,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, CacheKey, DieselNewType)]
pub struct LocalUserId(pub i32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, DieselNewType)]
pub struct LanguageId(pub i32);

/// A connection, or a pool that has some.
pub enum DbPool<'a> {
    Conn(&'a mut AsyncPgConnection),
}

pub type LemmyResult<T> = Result<T, diesel::result::Error>;

pub fn get_conn<'a>(pool: &'a mut DbPool<'_>) -> &'a mut AsyncPgConnection {
    match pool {
        DbPool::Conn(conn) => conn,
    }
}

pub struct LocalUserLanguage;

impl LocalUserLanguage {
    #[cached(key = "languages:{for_local_user_id}", ttl = 300, companion = false)]
    pub async fn read(
        pool: &mut DbPool<'_>,
        for_local_user_id: LocalUserId,
    ) -> LemmyResult<Vec<LanguageId>> {
        local_user_language::table
            .filter(local_user_language::local_user_id.eq(for_local_user_id))
            .order(local_user_language::language_id)
            .select(local_user_language::language_id)
            .get_results(get_conn(pool))
            .await
    }
}
