use axum::Router;
use cachekit::Cache;
use cachekit::dashboard::{DashboardError, router};

/// Adds the dashboard of `cache` to `service`.
pub fn with_dashboard(
    service: Router,
    cache: &Cache,
    token: String,
) -> Result<Router, DashboardError> {
    Ok(service.nest("/cachekit", router(cache, token)?))
}
