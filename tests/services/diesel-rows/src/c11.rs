//! Methods of a row, which take a shared connection that they make exclusive themselves.

use cachekit::cached;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

diesel::table! {
    users (id) {
        id -> Integer,
        login -> Text,
        crate_id -> Integer,
    }
}

diesel::table! {
    teams (id) {
        id -> Integer,
        login -> Text,
        crate_id -> Integer,
    }
}

diesel::table! {
    versions (id) {
        id -> Integer,
        crate_id -> Integer,
        num -> Text,
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    pub login: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = teams)]
pub struct Team {
    pub id: i32,
    pub login: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Owner {
    User(User),
    Team(Team),
}

#[derive(Clone, Debug, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = versions)]
pub struct Version {
    pub id: i32,
    pub num: String,
}

#[derive(Debug)]
pub struct Crate {
    pub id: i32,
    pub name: String,
}

impl Crate {
    #[cached(key = "owners:{self.id}", ttl = 300)]
    pub async fn owners(&self, mut conn: &AsyncPgConnection) -> QueryResult<Vec<Owner>> {
        let mut other = conn;
        let (users, teams) = tokio::try_join!(
            users::table
                .filter(users::crate_id.eq(self.id))
                .select(User::as_select())
                .load(&mut conn),
            teams::table
                .filter(teams::crate_id.eq(self.id))
                .select(Team::as_select())
                .load(&mut other),
        )?;
        let users = users.into_iter().map(Owner::User);
        Ok(users.chain(teams.into_iter().map(Owner::Team)).collect())
    }

    #[cached(key = "version:{self.id}:{version}", ttl = 300)]
    pub async fn find_version(
        &self,
        mut conn: &AsyncPgConnection,
        version: &str,
    ) -> QueryResult<Option<Version>> {
        versions::table
            .filter(versions::crate_id.eq(self.id))
            .filter(versions::num.eq(version))
            .select(Version::as_select())
            .first(&mut conn)
            .await
            .optional()
    }
}
