//! As `c26`, with the bounds that it had before.

use cachekit::cached;
use octocrab::{FromResponse, Octocrab, Result};
use serde::Serialize;

struct Client {
    octocrab: Octocrab,
}

impl Client {
    #[cached(key = "github:{route}:{parameters}", skip(self), ttl = 60)]
    pub async fn get<R, A, P>(&self, route: A, parameters: Option<&P>) -> Result<R>
    where
        A: AsRef<str>,
        P: Serialize + ?Sized,
        R: FromResponse,
    {
        self.octocrab.get(route.as_ref(), parameters).await
    }
}

fn main() {}
