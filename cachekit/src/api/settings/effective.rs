//! The effective configuration: the origin of each setting, and the options of functions.

use crate::api::registry;
use crate::api::settings::function_option::FUNCTION_OPTIONS;
use crate::api::settings::functions::resolve;
use crate::api::settings::setting::{SETTINGS, Setting};
use crate::api::settings::source::ConfigSource;
use crate::base::error::BuildError;
use crate::core::state::Cache;
use crate::model::config::Config;
use crate::model::config_origin::ConfigOrigin;
use crate::model::config_report::{ConfigEntry, EffectiveConfig};
use crate::model::function_override::{Configuration, FunctionOverride, FunctionOverrides};
use crate::model::function_spec::FnSpec;

/// Sources of the configuration of a cache that is being built.
#[derive(Debug)]
pub(crate) struct Effective {
    pub(crate) origins: Origins,
    /// The configuration file. `None`: there is none.
    pub(crate) source: Option<ConfigSource>,
}

/// Origin of each setting, in the order of [`SETTINGS`].
#[derive(Debug)]
pub(crate) struct Origins(Vec<ConfigOrigin>);

impl Origins {
    /// Returns the origins of the settings in `config`, which the builder has set.
    pub(crate) fn of_builder(config: &Config) -> Self {
        let default = Config::default();
        let origin = |setting: &Setting| {
            if (setting.show)(config) == (setting.show)(&default) {
                ConfigOrigin::Default
            } else {
                ConfigOrigin::Builder
            }
        };
        Self(SETTINGS.iter().map(origin).collect())
    }

    pub(crate) fn add_file(&mut self, source: &ConfigSource) {
        for given in &source.settings {
            let path = source.path.clone();
            let line = given.line;
            self.set(given.setting, &ConfigOrigin::File { path, line });
        }
    }

    pub(crate) fn add_environment(&mut self, set: &[&Setting]) {
        for setting in set {
            let origin = ConfigOrigin::Environment(setting.variable.to_owned());
            self.set(setting, &origin);
        }
    }

    fn set(&mut self, setting: &Setting, origin: &ConfigOrigin) {
        let slots = SETTINGS.iter().zip(&mut self.0);
        for (known, slot) in slots {
            if known.variable == setting.variable {
                slot.clone_from(origin);
            }
        }
    }

    /// Returns the place where the setting of the builder's method `method` was set: a line of the
    /// file or a variable. `None`: the builder set it, or it has its default.
    pub(crate) fn place_of(&self, method: &str) -> Option<String> {
        let mut all = SETTINGS.iter().zip(&self.0);
        let (_, origin) = all.find(|(setting, _)| setting.method == method)?;
        match origin {
            ConfigOrigin::File { .. } | ConfigOrigin::Environment(_) => Some(origin.to_string()),
            _ => None,
        }
    }

    fn entries(&self, config: &Config) -> Vec<ConfigEntry> {
        let entry = |(setting, origin): (&Setting, &ConfigOrigin)| {
            let value = (setting.show)(config);
            let origin = if value.is_empty() {
                // Another setting of the same field replaced it, as a password replaces a file.
                ConfigOrigin::Default
            } else {
                origin.clone()
            };
            ConfigEntry {
                section: setting.table.to_owned(),
                name: setting.key.to_owned(),
                value,
                origin,
            }
        };
        SETTINGS.iter().zip(&self.0).map(entry).collect()
    }
}

impl Effective {
    /// Returns the configuration for a cache with the settings `config`.
    ///
    /// # Errors
    ///
    /// Returns an error if the file names a function that the program does not have, or an option
    /// that a function cannot have.
    pub(crate) fn configuration(&self, config: &Config) -> Result<Configuration, BuildError> {
        let functions = match &self.source {
            Some(source) => {
                let all: Vec<&FnSpec> = registry::functions().collect();
                resolve(source, &all).map_err(BuildError::configuration)?
            }
            None => FunctionOverrides::default(),
        };
        let file = self.source.as_ref();
        let configuration = Configuration {
            settings: self.origins.entries(config),
            file: file.map(|source| (source.path.clone(), source.written())),
            ..Configuration::default()
        };
        *configuration.functions.write() = functions;
        Ok(configuration)
    }
}

impl Cache {
    /// Returns the effective configuration of this cache: the value of each setting, and the
    /// options of functions that their attributes and the configuration file set, with the origin
    /// of each. The configuration contains no password.
    ///
    /// A `ttl` that an attribute gives as an expression has no value before a call, and is not
    /// shown.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// use std::time::Duration;
    ///
    /// let cache = cachekit::Cache::builder().default_ttl(Duration::from_secs(60)).build().await?;
    /// println!("{}", cache.config());
    /// let ttl = &cache.config().settings[1];
    /// assert_eq!((ttl.name.as_str(), ttl.value.as_str()), ("default_ttl", "1m"));
    /// assert_eq!(ttl.origin, cachekit::ConfigOrigin::Builder);
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> EffectiveConfig {
        let configuration = &self.core.configuration;
        let mut functions = configuration.functions.read().entries.clone();
        for spec in registry::functions() {
            let own = of_attribute(spec);
            let is_new = |entry: &ConfigEntry| {
                !functions
                    .iter()
                    .any(|known| known.section == entry.section && known.name == entry.name)
            };
            let own: Vec<ConfigEntry> = own.filter(is_new).collect();
            functions.extend(own);
        }
        functions.sort_by(|a, b| (&a.section, &a.name).cmp(&(&b.section, &b.name)));
        EffectiveConfig {
            settings: configuration.settings.clone(),
            functions,
        }
    }
}

/// Returns the options that the attribute of the function `spec` sets.
fn of_attribute(spec: &FnSpec) -> impl Iterator<Item = ConfigEntry> {
    let own = FunctionOverride::of(spec);
    FUNCTION_OPTIONS.iter().filter_map(move |option| {
        let value = (option.show)(&own);
        let is_set = value != (option.show)(&FunctionOverride::DEFAULT);
        is_set.then(|| ConfigEntry {
            section: spec.name().to_owned(),
            name: option.key.to_owned(),
            value,
            origin: ConfigOrigin::Attribute,
        })
    })
}
