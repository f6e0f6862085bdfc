//! An application with its endpoints, read for every message that is sent.

use std::fmt;
use std::time::Duration;

use cachekit::{cached, invalidates};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

pub mod application {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "application")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub org_id: String,
        pub rate_limit: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApplicationId(pub String);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrganizationId(pub String);

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug)]
pub enum Error {
    Database(DbErr),
    Validation(&'static str),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateMessageApp {
    pub org_id: String,
    pub rate_limit: Option<u16>,
}

impl CreateMessageApp {
    #[cached(
        key = "message_app:{org_id}:{app_id}",
        skip(app, ttl),
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
        let app = match app {
            Some(app) => app,
            None => {
                let found = application::Entity::find_by_id(app_id.0)
                    .filter(application::Column::OrgId.eq(org_id.0))
                    .one(pg)
                    .await?;
                let Some(app) = found else {
                    return Ok(None);
                };
                app
            }
        };
        let rate_limit = app.rate_limit.map(u16::try_from).transpose();
        Ok(Some(Self {
            org_id: app.org_id,
            rate_limit: rate_limit.map_err(|_| Error::Validation("the rate limit is too high"))?,
        }))
    }

    #[invalidates(key = "message_app:{org_id}:{app_id}")]
    pub async fn invalidate(org_id: OrganizationId, app_id: ApplicationId) -> Result<()> {
        tracing::debug!("{org_id}: {app_id} has changed");
        Ok(())
    }
}
