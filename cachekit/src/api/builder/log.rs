//! The log messages at the start of a cache, and the setting of its spans.

use std::fmt;

use crate::api::builder::CacheBuilder;
use crate::base::trace::start::{Start, not_shared, starting};
use crate::model::config::spans::Spans;
use crate::model::config_origin::ConfigOrigin;
use crate::model::config_report::ConfigEntry;

impl CacheBuilder {
    /// Sets whether look-ups, stores and invalidations make `tracing` spans, and whether the spans
    /// show keys. Default: [`Spans::Off`]. Needs the feature `tracing`.
    ///
    /// With spans, every hit takes the longer way past the thread's own table and allocates, so a hit
    /// costs several times as much, and the work of the subscriber besides. The page
    /// `docs/operating.md` lists the spans and their fields.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use cachekit::{Cache, Spans};
    ///
    /// # #[cfg(feature = "tracing")]
    /// let cache = Cache::builder().spans(Spans::On).build().await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spans(mut self, spans: Spans) -> Self {
        self.config.spans = spans;
        self
    }

    /// Reports the start of the cache to the log, and a set-up that is probably not meant.
    pub(crate) fn log_start(&self) {
        let config = &self.config;
        let settings = &self.configuration.settings;
        let environment: Vec<String> = settings.iter().filter_map(variable).collect();
        let redis = config.redis.as_ref().map(|url| url as &dyn fmt::Display);
        let file = self.configuration.file.as_ref();
        starting(&Start {
            is_enabled: config.enabled,
            redis,
            namespace: &config.namespace,
            file: file.map(|(path, _)| path.as_str()),
            environment: &environment,
        });
        let is_from_environment = environment.iter().any(|it| it.starts_with("CACHE_"));
        if is_from_environment && config.enabled && !self.is_shared() && !self.is_alone() {
            not_shared();
        }
    }

    /// Returns `true` if the environment or the file says that the cache has no Redis.
    fn is_alone(&self) -> bool {
        let mut settings = self.configuration.settings.iter();
        let url = settings.find(|it| it.section == "redis" && it.name == "url");
        url.is_some_and(|url| url.origin != ConfigOrigin::Default)
    }
}

/// Returns the variable of the environment that set `setting`, as `NAME=VALUE`. The printed value
/// contains no secret. Returns `None` if no variable set the setting.
fn variable(setting: &ConfigEntry) -> Option<String> {
    match &setting.origin {
        ConfigOrigin::Environment(name) => Some(format!("{name}={}", setting.value)),
        _ => None,
    }
}
