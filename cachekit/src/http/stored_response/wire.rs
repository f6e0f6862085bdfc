//! The form of a stored response in Redis.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::http::stored_response::{ResponseFreshness, StoredResponse};

/// A stored response as plain data, for a codec.
#[derive(Serialize, Deserialize)]
struct Wire {
    status: u16,
    headers: Vec<(String, Bytes)>,
    body: Bytes,
    vary: Vec<(String, Option<Bytes>)>,
    tags: Vec<String>,
    freshness: ResponseFreshness,
}

impl Serialize for StoredResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let field = |(name, value): (&HeaderName, &HeaderValue)| {
            (
                name.as_str().to_owned(),
                Bytes::copy_from_slice(value.as_bytes()),
            )
        };
        let vary =
            |(name, value): &(HeaderName, Option<Bytes>)| (name.as_str().to_owned(), value.clone());
        Wire {
            status: self.status.as_u16(),
            headers: self.headers.iter().map(field).collect(),
            body: self.body.clone(),
            vary: self.vary.iter().map(vary).collect(),
            tags: self.tags.clone(),
            freshness: self.freshness,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StoredResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Wire::deserialize(deserializer)?.into_response()
    }
}

impl Wire {
    /// Checks everything that the bytes from Redis say, because other programs may have written
    /// them.
    fn into_response<E: Error>(self) -> Result<StoredResponse, E> {
        let mut headers = HeaderMap::with_capacity(self.headers.len().min(64));
        for (name, value) in self.headers {
            let value = HeaderValue::from_maybe_shared(value).map_err(E::custom)?;
            headers
                .try_append(name_of(&name)?, value)
                .map_err(E::custom)?;
        }
        let vary = self.vary.into_iter();
        Ok(StoredResponse {
            status: StatusCode::from_u16(self.status).map_err(E::custom)?,
            headers,
            body: self.body,
            vary: vary
                .map(|(name, value)| Ok((name_of(&name)?, value)))
                .collect::<Result<_, E>>()?,
            tags: self.tags,
            freshness: self.freshness,
            arrived_here: false,
        })
    }
}

fn name_of<E: Error>(name: &str) -> Result<HeaderName, E> {
    HeaderName::from_bytes(name.as_bytes()).map_err(E::custom)
}
