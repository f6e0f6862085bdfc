//! What a federated service needs again and again while it sends: actors and activities.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use cachekit::{CacheKey, cached};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::c22::{DbPool, get_conn};

diesel::table! {
    actors (id) {
        id -> Integer,
        url -> Text,
        name -> Text,
    }
}

diesel::table! {
    activities (id) {
        id -> BigInt,
        body -> Text,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, CacheKey)]
pub enum ActorType {
    Site,
    Community,
    Person,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum SiteOrCommunityOrUser {
    Site(String),
    Community(String),
    Person(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, CacheKey, Serialize, Deserialize)]
pub struct ActivityId(pub i64);

#[derive(Debug, Serialize, Deserialize)]
pub struct SentActivity {
    pub id: ActivityId,
    pub body: String,
}

pub type CachedActivityInfo = Option<Arc<SentActivity>>;

#[cached(key = "actor:{actor_type}:{actor_apub_id}", ttl = "1d")]
pub(crate) async fn get_actor_cached(
    pool: &mut DbPool<'_>,
    actor_type: ActorType,
    actor_apub_id: &Url,
) -> Result<Arc<SiteOrCommunityOrUser>> {
    let name: String = actors::table
        .filter(actors::url.eq(actor_apub_id.as_str()))
        .select(actors::name)
        .first(get_conn(pool))
        .await
        .optional()?
        .context("there is no such actor")?;
    Ok(Arc::new(match actor_type {
        ActorType::Site => SiteOrCommunityOrUser::Site(name),
        ActorType::Community => SiteOrCommunityOrUser::Community(name),
        ActorType::Person => SiteOrCommunityOrUser::Person(name),
    }))
}

#[cached(key = "activity:{activity_id}", ttl = "1h", none_ttl = 60)]
pub(crate) async fn get_activity_cached(
    pool: &mut DbPool<'_>,
    activity_id: ActivityId,
) -> Result<CachedActivityInfo> {
    let body: Option<String> = activities::table
        .find(activity_id.0)
        .select(activities::body)
        .first(get_conn(pool))
        .await
        .optional()
        .context("the activity could not be read")?;
    Ok(body.map(|body| {
        Arc::new(SentActivity {
            id: activity_id,
            body,
        })
    }))
}

/// The newest activity, asked for by every worker all the time.
#[cached(key = "latest_activity", ttl = 1)]
pub(crate) async fn get_latest_activity_id(pool: &mut DbPool<'_>) -> Result<ActivityId> {
    let newest: Option<i64> = activities::table
        .select(diesel::dsl::max(activities::id))
        .get_result(get_conn(pool))
        .await
        .context("the newest activity could not be read")?;
    Ok(ActivityId(newest.unwrap_or(0)))
}

/// What goes to one actor next.
pub async fn next_for(
    pool: &mut DbPool<'_>,
    actor: &Url,
    after: ActivityId,
) -> Result<Option<(Arc<SiteOrCommunityOrUser>, Arc<SentActivity>)>> {
    let newest = get_latest_activity_id(pool).await?;
    if after.0 >= newest.0 {
        return Ok(None);
    }
    let actor = get_actor_cached(pool, ActorType::Person, actor).await?;
    let activity = get_activity_cached(pool, ActivityId(after.0 + 1)).await?;
    Ok(activity.map(|activity| (actor, activity)))
}
