//! Reloads of the configuration file while the cache is in use.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::api::registry;
use crate::api::settings::function_option::FUNCTION_OPTIONS;
use crate::api::settings::functions::resolve;
use crate::api::settings::read::read_source;
use crate::api::settings::source::ConfigSource;
use crate::base::error::BuildError;
use crate::base::trace::configuration::{refused, reloaded};
use crate::core::state::{Cache, Core};
use crate::model::config_origin::ConfigOrigin;
use crate::model::config_report::ConfigEntry;
use crate::model::function_override::{FunctionOverride, FunctionOverrides};
use crate::model::function_spec::FnSpec;

/// Longest time for which the thread that watches the file sleeps before it looks if its cache is
/// gone.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The result of a reload of the configuration file.
///
/// Returned by [`Cache::reload`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReloadReport {
    /// Options of functions that changed, such as `shop::get_user.ttl`.
    pub changed: Vec<String>,
    /// Settings and options that differ in the file, but take effect only when the process starts
    /// again.
    pub needs_restart: Vec<String>,
}

impl Cache {
    /// Reads the configuration file again, and applies the options of functions in it. The cache
    /// must have been built with a file.
    ///
    /// An entry keeps the life with which it was stored: a changed life applies to entries that are
    /// stored from now on. A function that the file turns off (`enabled = false`) is not served
    /// from memory any more. Settings of the cache, and the options `tier`, `capacity`, `replicas`
    /// and `max_computations`, change only when the process starts again; the report names those
    /// that differ in the file.
    ///
    /// The call reads a file, and blocks its thread for that time.
    ///
    /// # Errors
    ///
    /// Returns an error, and changes nothing, if the file cannot be used or was never set.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder().from_file("cachekit.toml").build().await?;
    /// let report = cache.reload()?; // such as at a signal
    /// println!("changed: {:?}", report.changed);
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reload(&self) -> Result<ReloadReport, BuildError> {
        let _one_at_a_time = self.core.configuration.reloading.lock();
        let Some((path, _)) = &self.core.configuration.file else {
            return Err(BuildError::setting(
                "reload",
                "the cache has no configuration file",
                "name one with `from_file` or CACHEKIT_CONFIG",
            ));
        };
        let source = read_source(Path::new(path)).map_err(BuildError::configuration)?;
        apply(&self.core, &source)
    }
}

fn apply(core: &Core, source: &ConfigSource) -> Result<ReloadReport, BuildError> {
    let all: Vec<&'static FnSpec> = registry::functions().collect();
    let mut new = resolve(source, &all).map_err(BuildError::configuration)?;
    let mut report = ReloadReport {
        needs_restart: changed_settings(core, source),
        ..ReloadReport::default()
    };
    for spec in &all {
        keep_fixed(core, spec, &mut new, &mut report);
    }
    *core.configuration.functions.write() = new;
    for spec in all {
        // A function without calls has no state yet, and finds its options at its first call.
        let owner = core.owners.read().get(&spec.id()).map(Arc::clone);
        let Some(owner) = owner else { continue };
        let options = core.configuration.options_of(spec);
        let was_enabled = owner.options().is_enabled;
        owner.set_options(options);
        if was_enabled && !options.is_enabled {
            // The options are set before: values that are computed from now on are not stored.
            core.tags.invalidate_epoch(&owner.epoch);
        }
    }
    Ok(report)
}

/// Returns the settings of the cache that differ in the file. A setting that the environment sets
/// is left out, because the environment takes precedence.
fn changed_settings(core: &Core, source: &ConfigSource) -> Vec<String> {
    let configuration = &core.configuration;
    let before = configuration.file.iter().flat_map(|(_, written)| written);
    let before: Vec<_> = before.cloned().collect();
    let now = source.written();
    let only_in = |one: &[(String, String)], other: &[(String, String)]| {
        let differing = one.iter().filter(|it| !other.contains(it));
        differing.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let mut changed = only_in(&before, &now);
    changed.extend(only_in(&now, &before));
    let is_in_environment = |name: &String| {
        let entries = &configuration.settings;
        entries.iter().any(|entry| {
            matches!(entry.origin, ConfigOrigin::Environment(_))
                && *name == format!("{}.{}", entry.section, entry.name)
        })
    };
    changed.retain(|name| !is_in_environment(name));
    changed.sort();
    changed.dedup();
    changed
}

/// Reports the options of the function `spec` that `new` changes, and takes back in `new` the
/// changes that cannot take effect while the cache is in use.
fn keep_fixed(
    core: &Core,
    spec: &'static FnSpec,
    new: &mut FunctionOverrides,
    report: &mut ReloadReport,
) {
    let attribute = FunctionOverride::of(spec);
    let id = spec.id();
    let before = core.configuration.functions.read().of.get(&id).copied();
    let before = before.unwrap_or(attribute);
    let mut after = new.of.get(&id).copied().unwrap_or(attribute);
    for option in FUNCTION_OPTIONS {
        if (option.show)(&before) == (option.show)(&after) {
            continue;
        }
        if !option.is_reloadable {
            keep_shown(core, (spec, option.key), new);
        }
        let name = format!("{}.{}", spec.name(), option.key);
        if option.is_reloadable {
            report.changed.push(name);
        } else {
            report.needs_restart.push(name);
        }
    }
    let (fixed, options) = (before.options, &mut after.options);
    (options.tier, options.replicas, options.bound) = (fixed.tier, fixed.replicas, fixed.bound);
    after.capacity = before.capacity;
    if after != attribute || new.of.contains_key(&id) {
        new.of.insert(id, after);
    }
}

/// Puts in `new`, for the printed configuration, the value of the option `key` of `spec` that is in
/// effect: that of the file as it was, or none if only the attribute or the default gave a value.
fn keep_shown(core: &Core, (spec, key): (&FnSpec, &str), new: &mut FunctionOverrides) {
    let is_it = |entry: &ConfigEntry| entry.section == spec.name() && entry.name == key;
    new.entries.retain(|entry| !is_it(entry));
    let functions = core.configuration.functions.read();
    let in_effect = functions.entries.iter().filter(|entry| is_it(entry));
    new.entries.extend(in_effect.cloned());
}

/// Starts the thread that applies changes of the configuration file, which had the text `text` when
/// the cache was built. The thread ends with the cache.
///
/// # Errors
///
/// Returns the error of the system if the thread cannot be started.
pub(crate) fn watch(cache: &Cache, every: Duration, text: String) -> std::io::Result<()> {
    let core = Arc::downgrade(&cache.core);
    let name = "cachekit-config".to_owned();
    let thread = thread::Builder::new().name(name);
    thread
        .spawn(move || look_for_changes(&core, every, text))
        .map(drop)
}

fn look_for_changes(core: &Weak<Core>, every: Duration, text: String) {
    let mut last = Ok(text);
    let mut seen = None;
    while sleep(core, every) {
        let Some(core) = core.upgrade() else { return };
        let Some((path, _)) = core.configuration.file.clone() else {
            return;
        };
        // The text is compared, because two changes may have the same time of modification.
        let found = fs::read_to_string(&path).map_err(|error| error.kind());
        if found == last {
            seen = None;
            continue;
        }
        // A file that is only half written may be valid, so the text must be found twice.
        if seen.as_ref() != Some(&found) {
            seen = Some(found);
            continue;
        }
        last = found;
        match (Cache { core }).reload() {
            Ok(report) => reloaded(&path, &report.changed, &report.needs_restart),
            Err(error) => refused(&error),
        }
    }
}

/// Sleeps for `length`. Returns `false` as soon as the cache is gone.
fn sleep(core: &Weak<Core>, length: Duration) -> bool {
    let start = Instant::now();
    loop {
        let left = length.saturating_sub(start.elapsed());
        if left.is_zero() || core.strong_count() == 0 {
            return core.strong_count() > 0;
        }
        thread::sleep(left.min(LONGEST_SLEEP));
    }
}
