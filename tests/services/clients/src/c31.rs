//! A search whose parameters are whatever the page had.

use std::collections::HashMap;

use cachekit::cached;
use serde_json::Value;

#[cached(key = "search:{params}", ttl = 60, codec = json)]
pub async fn search(
    client: &reqwest::Client,
    params: HashMap<String, String>,
) -> Result<Value, reqwest::Error> {
    client
        .get("https://api.crates.io/search")
        .query(&params)
        .send()
        .await?
        .json()
        .await
}
