//! As `c25`, with a key that says nothing of an argument that `ttl` names.

use std::time::Duration;

use cachekit::cached;
use sea_orm::entity::prelude::*;
use sea_orm_rows::c25::{ApplicationId, Error, OrganizationId, Result, application};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateMessageApp {
    pub org_id: String,
    pub rate_limit: Option<u16>,
}

impl CreateMessageApp {
    #[cached(
        key = "message_app:{org_id}:{app_id}",
        skip(app),
        ttl = ttl,
        none_ttl = 5
    )]
    pub async fn layered_fetch(
        pg: &DatabaseConnection,
        app: Option<application::Model>,
        org_id: OrganizationId,
        app_id: ApplicationId,
        ttl: Duration,
    ) -> Result<Option<Self>> {
        let found = application::Entity::find_by_id(app_id.0)
            .filter(application::Column::OrgId.eq(org_id.0))
            .one(pg)
            .await?;
        let Some(app) = app.or(found) else {
            return Ok(None);
        };
        let rate_limit = app.rate_limit.map(u16::try_from).transpose();
        Ok(Some(Self {
            org_id: app.org_id,
            rate_limit: rate_limit.map_err(|_| Error::Validation("the rate limit is too high"))?,
        }))
    }
}

fn main() {}
