//! A client of GitHub that gives any model for any path, and a handler that borrows it.

use cachekit::cached;
use octocrab::models::repos::Content;
use octocrab::{FromResponse, Octocrab, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub struct Client {
    pub octocrab: Octocrab,
}

impl Client {
    #[cached(
        key = expr((route.as_ref(), serde_json::to_string(&parameters).unwrap_or_default())),
        skip(self),
        ttl = 60
    )]
    pub async fn get<R, A, P>(&self, route: A, parameters: Option<&P>) -> Result<R>
    where
        A: AsRef<str>,
        P: Serialize + ?Sized,
        R: FromResponse + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.octocrab.get(route.as_ref(), parameters).await
    }

    pub fn repo<'octo>(&'octo self, owner: &str, name: &str) -> RepoHandler<'octo> {
        RepoHandler {
            client: self,
            owner: owner.to_owned(),
            name: name.to_owned(),
        }
    }
}

pub struct RepoHandler<'octo> {
    client: &'octo Client,
    owner: String,
    name: String,
}

impl<'octo> RepoHandler<'octo> {
    #[cached(key = "license:{self.owner}:{self.name}", ttl = "1h")]
    pub async fn license(&self) -> Result<Content> {
        let route = format!("/repos/{}/{}/license", self.owner, self.name);
        self.client.octocrab.get(route, None::<&()>).await
    }
}
