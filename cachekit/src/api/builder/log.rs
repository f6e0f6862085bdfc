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
    /// With spans, the thread's own table (L0) answers no call, and every hit allocates. A hit
    /// costs several times as much as without spans, and the work of the subscriber besides. The
    /// page `docs/operating.md` lists the spans and their fields.
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

    /// Sets whether the steps of each call are written to the log: `tracing` events of the target
    /// `cachekit` at trace level, with the function and the key. Keys contain the arguments of
    /// functions, which may be personal data. Default: `false`. Needs the feature `tracing`.
    ///
    /// With this setting, the thread's own table (L0) answers no call, and every hit allocates. The
    /// page `docs/operating.md` lists the steps.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// # #[cfg(feature = "tracing")]
    /// let cache = cachekit::Cache::builder().trace_calls(true).build().await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trace_calls(mut self, enabled: bool) -> Self {
        self.config.trace_calls = enabled;
        self
    }

    /// Logs the start of the cache, and a warning about a set-up that is probably a mistake.
    pub(crate) fn log_start(&self) {
        let config = &self.config;
        let settings = &self.configuration.settings;
        let environment: Vec<String> = settings.iter().filter_map(variable).collect();
        let redis = config.redis.as_ref().map(|url| url as &dyn fmt::Display);
        #[cfg(any(feature = "testing", cachekit_faults))]
        let redis = self.fake.as_ref().map_or(redis, |_| Some(&"(fake)"));
        let file = self.configuration.file.as_ref();
        starting(&Start {
            is_enabled: config.enabled,
            redis,
            namespace: &config.namespace,
            file: file.map(|(path, _)| path.as_str()),
            environment: &environment,
        });
        let is_for_several = settings.iter().any(is_for_several_processes);
        if is_for_several && config.enabled && !self.is_shared() && !self.is_alone() {
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

/// Returns `true` if a `CACHE_*` variable set `setting`, and `setting` concerns Redis or the time
/// for which values live. Only such a variable is a sign of several processes.
fn is_for_several_processes(setting: &ConfigEntry) -> bool {
    let concerns_life = setting.section == "redis" || setting.name == "default_ttl";
    let is_variable = matches!(
        &setting.origin,
        ConfigOrigin::Environment(name) if name.starts_with("CACHE_")
    );
    concerns_life && is_variable
}

/// Returns the variable of the environment that set `setting`, as `NAME=VALUE`. The printed value
/// contains no secret. Returns `None` if no variable set the setting.
fn variable(setting: &ConfigEntry) -> Option<String> {
    match &setting.origin {
        ConfigOrigin::Environment(name) => Some(format!("{name}={}", setting.value)),
        _ => None,
    }
}
