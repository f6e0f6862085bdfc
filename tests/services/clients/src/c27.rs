//! What somebody listens to most.

use cachekit::cached;
use reqwest::Client;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Artist {
    pub name: String,
    pub playcount: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastFm {
    pub top: Vec<Artist>,
}

#[cached(key = "lastfm:{user}", ttl = "1d")]
pub async fn get_lastfm(http: &Client, user: String) -> Result<LastFm, Box<dyn std::error::Error>> {
    let key = std::env::var("LASTFM_KEY")?;
    let question = [("user", user.as_str()), ("api_key", &key), ("limit", "5")];
    let response = http
        .get("https://ws.audioscrobbler.com/2.0/")
        .query(&question)
        .send()
        .await?;
    if !response.status().is_success() {
        return Err(format!("last.fm answered {}", response.status()).into());
    }
    Ok(response.json().await?)
}
