//! The sources of settings besides the builder: the configuration file and the environment.

#[cfg(cachekit_faults)]
use std::ffi::OsString;
use std::path::PathBuf;

use crate::api::builder::CacheBuilder;
use crate::api::settings::effective::{Effective, Origins};
use crate::api::settings::environment::Environment;
use crate::api::settings::read::read_source;
use crate::base::error::BuildError;

impl CacheBuilder {
    /// Reads the settings of the cache, and options of cached functions, from the TOML file at
    /// `path`. The file is read by [`build`](Self::build), which returns an error with every
    /// problem of the file: the line, what is wrong, and what to write.
    ///
    /// Settings in the file take precedence over the builder's, and options of a function over
    /// those of its attribute. The page `docs/configuration.md` describes the file.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder().from_file("cachekit.toml").build().await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Reads settings from environment variables, such as `CACHE_DEFAULT_TTL` (`300`, `5m`),
    /// `CACHE_MEMORY_CAPACITY` (`10000`, `64MB`) and `REDIS_URL`. The page `docs/configuration.md`
    /// lists all variables. `CACHEKIT_CONFIG` is the path of a configuration file, which is read in
    /// place of the file that [`from_file`](Self::from_file) names.
    ///
    /// A variable takes precedence over the configuration file and the builder. A variable that is
    /// not set, or empty, changes nothing. [`build`](Self::build) returns an error if a variable
    /// has a bad value, or if the name of a variable differs from that of a setting by one or two
    /// letters.
    pub fn from_env(mut self) -> Self {
        self.environment = Environment::of(std::env::vars_os());
        self
    }

    /// Reads settings from `variables`, in place of the environment variables of the process.
    #[cfg(cachekit_faults)]
    pub(crate) fn with_variables(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        self.environment = Environment::of(variables);
        self
    }

    /// Sets in the builder what the configuration file and the environment set. Returns the
    /// effective configuration.
    ///
    /// # Errors
    ///
    /// Returns an error with every problem of both sources.
    pub(crate) fn apply_sources(&mut self) -> Result<Effective, BuildError> {
        let mut problems = Vec::new();
        let mut origins = Origins::of_builder(&self.config);
        let path = self.environment.config_path().map(PathBuf::from);
        let path = path.or_else(|| self.file.clone());
        let source = path.and_then(|path| {
            let source = read_source(&path);
            source.map_err(|found| problems.extend(found)).ok()
        });
        if let Some(source) = &source {
            source.apply(&mut self.config);
            origins.add_file(source);
        }
        let set = self.environment.apply(&mut self.config, &mut problems);
        origins.add_environment(&set);
        if !problems.is_empty() {
            return Err(BuildError::configuration(problems));
        }
        Ok(Effective { origins, source })
    }

    /// Checks the settings. The error names the place where the unusable setting was set.
    pub(crate) fn check_placed(&self, effective: &Effective) -> Result<(), BuildError> {
        let checked = self.check().and_then(|()| match self.config.reload_every {
            Some(_) if effective.source.is_none() => Err(BuildError::setting(
                "reload_every",
                "the cache has no configuration file",
                "name one with `from_file` or CACHEKIT_CONFIG, or remove the setting",
            )),
            _ => Ok(()),
        });
        checked.map_err(|error| {
            let origins = &effective.origins;
            let place = error.setting_name().and_then(|name| origins.place_of(name));
            match place {
                Some(place) => error.set_at(&place),
                None => error,
            }
        })
    }
}
