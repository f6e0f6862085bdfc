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

/// Loads the hottest entries of the function `spec` into memory. The companion's `warm_start` calls
/// this function.
pub fn warm_start<S>(
    source: &impl Source,
    spec: &'static FnSpec,
    return_ops: &ReturnOps<S>,
    most: usize,
) -> WarmStarted
where
    S: ReturnType + 'static,
    S::Value: Send + Sync + 'static,
{
    let (given, ops) = (source.fixed_cache(), return_ops.value_ops());
    Box::pin(async move {
        let cache = given.unwrap_or_else(|| Current.with(Cache::clone));
        start(cache, spec, ops, most).await
    })
}
