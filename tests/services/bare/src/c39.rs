//! A trait that gives the cached method itself, in both ways of writing asynchronous traits.

use async_trait::async_trait;
use cachekit::cached;

#[async_trait]
pub trait Rates: Sync {
    async fn fetch(&self, from: &str, to: &str) -> Result<f64, String>;

    #[cached(key = "rate:{from}:{to}", skip(self), ttl = 60)]
    async fn rate(&self, from: &str, to: &str) -> Result<f64, String> {
        if from == to {
            return Ok(1.0);
        }
        self.fetch(from, to).await
    }
}

#[expect(async_fn_in_trait, reason = "who implements it is known")]
pub trait NativeRates {
    fn fetch(&self, from: &str, to: &str) -> impl Future<Output = Result<f64, String>> + Send;

    #[cached(key = "native_rate:{from}:{to}", skip(self), ttl = 60)]
    async fn rate(&self, from: &str, to: &str) -> Result<f64, String> {
        if from == to {
            return Ok(1.0);
        }
        self.fetch(from, to).await
    }
}
