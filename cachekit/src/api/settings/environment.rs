//! Settings from environment variables.

use std::ffi::OsString;
use std::fmt;

use crate::api::settings::kind::Kind;
use crate::api::settings::setting::{CONFIG_VARIABLE, SETTINGS, Setting};
use crate::base::spelling::did_you_mean;
use crate::model::config::Config;

/// Environment variables, with their values, that may be about a cache.
#[derive(Clone, Default)]
pub(crate) struct Environment(Vec<(String, OsString)>);

/// Shows the names of the variables alone, because a value may be a password.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Environment {
    /// Returns the variables of `all` whose names resemble those of the settings.
    pub(crate) fn of(all: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = all
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let ours = named.filter(|(name, value)| {
            let is_ours = name.starts_with("CACHE") || name.starts_with("REDIS_");
            // An empty variable counts as not set. Docker Compose passes such variables.
            is_ours && !value.to_string_lossy().trim().is_empty()
        });
        Self(ours.collect())
    }

    fn get(&self, name: &str) -> Option<&OsString> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// Returns the path in `CACHEKIT_CONFIG`.
    pub(crate) fn config_path(&self) -> Option<&OsString> {
        self.get(CONFIG_VARIABLE)
    }

    /// Sets every setting whose variable is set. Returns these settings. The names of variables
    /// that resemble those of settings, and values that cannot be parsed, become `problems`.
    pub(crate) fn apply(
        &self,
        config: &mut Config,
        problems: &mut Vec<String>,
    ) -> Vec<&'static Setting> {
        problems.extend(self.misspelt());
        let mut set = Vec::new();
        for setting in SETTINGS {
            let Some(value) = self.get(setting.variable) else {
                continue;
            };
            match read(setting, value, config) {
                Ok(()) => set.push(setting),
                Err(problem) => problems.push(format!("{}: {problem}", setting.variable)),
            }
        }
        problems.extend(self.two_secrets());
        set
    }

    /// Returns a problem for each variable that is no setting, but nearly has the name of one.
    /// Other variables belong to other programs.
    fn misspelt(&self) -> impl Iterator<Item = String> {
        let known = || {
            let variables = SETTINGS.iter().map(|setting| setting.variable);
            variables.chain([CONFIG_VARIABLE])
        };
        let others = self.0.iter().filter(move |(name, _)| {
            name.starts_with("CACHE") && known().all(|variable| variable != name)
        });
        others.filter_map(move |(name, _)| {
            let meant = did_you_mean(name, known())?;
            Some(format!(
                "{name}: no setting has this name; did you mean `{meant}`? Rename or unset it"
            ))
        })
    }

    /// Returns a problem for each secret that is given both as a text and by a file.
    fn two_secrets(&self) -> impl Iterator<Item = String> {
        let texts = [
            "REDIS_PASSWORD",
            "REDIS_SENTINEL_PASSWORD",
            "CACHE_ENCRYPTION_KEYS",
        ];
        texts.into_iter().filter_map(|text| {
            let file = format!("{text}_FILE");
            let are_both_set = self.get(text).is_some() && self.get(&file).is_some();
            are_both_set.then(|| format!("{file}: `{text}` is set too; unset one of them"))
        })
    }
}

/// Sets `setting` to the value of its variable. An error does not repeat the value of a secret.
fn read(setting: &Setting, value: &OsString, config: &mut Config) -> Result<(), String> {
    let Some(text) = value.to_str() else {
        return Err("is not UTF-8; percent-encode the bytes that are not".to_owned());
    };
    (setting.read)(config, text).map_err(|expected| match setting.kind {
        Kind::Secret => expected,
        _ => format!("cannot read `{text}`; {expected}"),
    })
}
