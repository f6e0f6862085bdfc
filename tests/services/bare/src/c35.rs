//! A store of blobs that is shared by counting.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use cachekit::{CacheKey, cached};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, CacheKey)]
pub struct BlobId(pub u128);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub text: String,
}

#[derive(Default)]
pub struct Store {
    pub blobs: HashMap<BlobId, Vec<u8>>,
}

/// Gives what an `Option` has, or returns an error with the words.
macro_rules! or_fail {
    ($option:expr, $($words:tt)+) => {
        match $option {
            Some(value) => value,
            None => return Err(io::Error::other(format!($($words)+))),
        }
    };
}

impl Store {
    #[cached(key = "blob:{id}", skip(self), tier = memory, ttl = "10m")]
    pub async fn blob(self: &Arc<Self>, id: BlobId) -> io::Result<Bytes> {
        let blob = or_fail!(self.blobs.get(&id), "no blob {:x}", id.0);
        Ok(Bytes::copy_from_slice(blob))
    }

    #[cached(key = "rows:{id}", skip(self), ttl = "10m")]
    pub async fn rows(self: &Arc<Self>, id: BlobId) -> io::Result<Arc<[Row]>> {
        let blob = self.blob(id).await?;
        if !blob.is_ascii() {
            return Err(io::Error::other("rows are ASCII"));
        }
        // SAFETY: ASCII is UTF-8, and that was looked at above.
        let text = unsafe { std::str::from_utf8_unchecked(&blob) };
        Ok(text
            .lines()
            .map(|line| Row {
                text: line.to_owned(),
            })
            .collect())
    }
}
