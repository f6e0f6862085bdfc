//! A page of stories, fetched by a function that fetches anything.

use cachekit::cached;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    pub id: usize,
    pub title: String,
    pub points: Option<i32>,
    pub url: String,
}

/// The error of a function that a page calls on the server: it crosses the wire, so it is text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFnError(pub String);

impl<E: std::error::Error> From<E> for ServerFnError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

async fn fetch_api<T: DeserializeOwned>(url: &str) -> Result<T, ServerFnError> {
    let response = reqwest::get(url).await?.error_for_status()?;
    Ok(response.json().await?)
}

#[cached(key = "stories:{kind}:{page}", ttl = 60, when = page <= 10)]
pub async fn fetch_stories(kind: String, page: usize) -> Result<Vec<Story>, ServerFnError> {
    let kind = match kind.as_str() {
        "new" => "newest",
        "top" => "news",
        other => other,
    };
    fetch_api(&format!(
        "https://node-hnapi.herokuapp.com/{kind}?page={page}"
    ))
    .await
}
