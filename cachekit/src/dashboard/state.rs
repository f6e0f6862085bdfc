//! The state of one dashboard.

use std::sync::Arc;

use crate::core::key_history::Recording;
use crate::core::state::Cache;
use crate::dashboard::error::DashboardError;
use crate::dashboard::processes::OtherProcesses;
use crate::dashboard::session::Keys;

/// A dashboard of one cache. While it exists, the cache records events of keys.
#[derive(Debug)]
pub(crate) struct Dashboard {
    pub(crate) cache: Cache,
    pub(crate) keys: Keys,
    pub(crate) others: OtherProcesses,
    _recording: Recording,
}

impl Dashboard {
    pub(crate) fn new(cache: &Cache, token: &str) -> Result<Arc<Self>, DashboardError> {
        Ok(Arc::new(Self {
            keys: Keys::new(token)?,
            cache: cache.clone(),
            others: OtherProcesses::default(),
            _recording: cache.core.key_history.record(),
        }))
    }
}
