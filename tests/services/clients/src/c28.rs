//! The weather at a place that is told in one of two ways.

use cachekit::{CacheKey, cached};
use serde::{Deserialize, Serialize};

pub struct Api {
    pub http: reqwest::Client,
    pub key: String,
}

#[derive(Clone, Debug, CacheKey)]
pub enum Location {
    Name(String),
    Coordinates { lat: f64, lon: f64 },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WeatherData {
    pub temperature: f64,
    pub wind: f64,
}

#[cached(key = "weather:{location}", ttl = "10m", stale_if_error = "1h")]
pub async fn get_weather_data(api: &Api, location: &Location) -> anyhow::Result<WeatherData> {
    let mut question = vec![("appid", api.key.clone())];
    match location {
        Location::Name(name) => question.push(("q", name.clone())),
        Location::Coordinates { lat, lon } => {
            question.push(("lat", lat.to_string()));
            question.push(("lon", lon.to_string()));
        }
    }
    let response = api
        .http
        .get("https://api.openweathermap.org/data/2.5/weather")
        .query(&question)
        .send()
        .await?;
    Ok(response.error_for_status()?.json().await?)
}
