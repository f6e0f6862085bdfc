//! A client of GitHub behind a trait, so that tests have another.

use async_trait::async_trait;
use cachekit::cached;
use serde::{Deserialize, Serialize};

/// A token says who asks, not what for.
pub struct AccessToken(String);

impl AccessToken {
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    pub fn secret(&self) -> &str {
        &self.0
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GitHubUser {
    pub id: i32,
    pub login: String,
    pub avatar_url: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    #[error("GitHub does not know it")]
    NotFound,
    #[error(transparent)]
    Other(#[from] reqwest::Error),
}

#[async_trait]
pub trait GitHubClient: Send + Sync {
    async fn get_user(&self, name: &str, token: &AccessToken) -> Result<GitHubUser, GitHubError>;
}

#[derive(Debug)]
pub struct RealGitHubClient {
    client: reqwest::Client,
}

impl RealGitHubClient {
    pub fn new(client: reqwest::Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl GitHubClient for RealGitHubClient {
    #[cached(key = "github_user:{name}", skip(self), ttl = 300)]
    async fn get_user(&self, name: &str, token: &AccessToken) -> Result<GitHubUser, GitHubError> {
        let response = self
            .client
            .get(format!("https://api.github.com/users/{name}"))
            .bearer_auth(token.secret())
            .send()
            .await?;
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Err(GitHubError::NotFound);
        }
        Ok(response.error_for_status()?.json().await?)
    }
}
