//! The warm start of an annotated function.

use std::pin::Pin;

use crate::__private::call::{Current, Source};
use crate::api::warm_start::warm_start as start;
use crate::core::state::Cache;
use crate::model::function_spec::FnSpec;
use crate::model::warm_start_report::WarmStartReport;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Future of a warm start.
pub type WarmStarted = Pin<Box<dyn Future<Output = WarmStartReport> + Send>>;

/// A return type whose values can be loaded by a warm start.
pub trait WarmStart {
    /// Loads the hottest entries of the function `spec` into memory. The companion's `warm_start`
    /// calls this function.
    fn __warm_start(&self, source: &impl Source, spec: &'static FnSpec, most: usize)
    -> WarmStarted;
}

impl<S> WarmStart for ReturnOps<S>
where
    S: ReturnType + 'static,
    S::Value: Send + Sync + 'static,
{
    fn __warm_start(
        &self,
        source: &impl Source,
        spec: &'static FnSpec,
        most: usize,
    ) -> WarmStarted {
        let (given, ops) = (source.fixed_cache(), self.value_ops());
        Box::pin(async move {
            let cache = given.unwrap_or_else(|| Current.with(Cache::clone));
            start(cache, spec, ops, most).await
        })
    }
}

/// A return type whose values cannot be cached. The cached function itself causes the compile
/// error. This trait prevents a second error from `warm_start`. The compiler takes this trait's
/// method only if [`WarmStart`] does not apply.
pub trait NoWarmStart {
    /// Loads nothing. A program that calls this function does not compile.
    fn __warm_start(
        &self,
        _source: &impl Source,
        _spec: &'static FnSpec,
        _most: usize,
    ) -> WarmStarted {
        Box::pin(std::future::ready(WarmStartReport::default()))
    }
}

impl<S: ReturnType> NoWarmStart for &ReturnOps<S> {}
