//! Texts of settings: the words that the environment and configuration files accept, and the texts
//! by which the effective configuration shows values.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::model::config::engine::Eviction;
use crate::model::config::{
    Capacity, OnDisconnect, OnNewMaster, SingleFlight, Tier, Unit, parse_duration,
};
use crate::model::entry_options::Depends;

impl FromStr for OnDisconnect {
    type Err = String;

    /// Parses `bypass`, `serve`, or the time for which calls are served, such as `30s`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "bypass" => Ok(Self::Bypass),
            "serve" => Ok(Self::Serve),
            text => parse_duration(text)
                .map(Self::ServeFor)
                .map_err(|_| "expected a length of time (`30s`), `bypass` or `serve`".to_owned()),
        }
    }
}

impl fmt::Display for OnDisconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServeFor(length) => f.write_str(&shown_length(*length)),
            Self::Bypass => f.write_str("bypass"),
            Self::Serve => f.write_str("serve"),
        }
    }
}

impl FromStr for OnNewMaster {
    type Err = String;

    /// Parses `clear` or `replay`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "clear" => Ok(Self::Clear),
            "replay" => Ok(Self::Replay),
            _ => Err("expected `clear` or `replay`".to_owned()),
        }
    }
}

impl fmt::Display for OnNewMaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear => "clear",
            Self::Replay => "replay",
        })
    }
}

impl fmt::Display for Capacity {
    /// Writes the capacity as its `FromStr` reads it: `10000`, `64MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Entries => write!(f, "{}", self.amount),
            Unit::Bytes => f.write_str(&shown_size(self.amount)),
        }
    }
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TinyLfu => "tiny-lfu",
            Self::Lru => "lru",
        })
    }
}

/// Words of the option `tier`.
pub(crate) const TIERS: &[(&str, Tier)] = &[
    ("memory", Tier::Memory),
    ("redis", Tier::Redis),
    ("both", Tier::Both),
];

/// Words of the option `single_flight`.
pub(crate) const FLIGHTS: &[(&str, SingleFlight)] = &[
    ("off", SingleFlight::Off),
    ("process", SingleFlight::Process),
    ("cluster", SingleFlight::Cluster),
];

/// Words of the option `depends`.
pub(crate) const DEPENDS: &[(&str, Depends)] = &[
    ("true", Depends::All),
    ("names", Depends::Names),
    ("false", Depends::Nothing),
];

/// Returns the value of the word `text`. The `Err` names all words.
pub(crate) fn value_of<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text.trim());
    found.map(|(_, value)| *value).ok_or_else(|| {
        let (last, others) = words
            .split_last()
            .map_or(("", &[][..]), |(it, rest)| (it.0, rest));
        let others: Vec<String> = others.iter().map(|(word, _)| format!("`{word}`")).collect();
        format!("expected {} or `{last}`", others.join(", "))
    })
}

/// Returns the word for `value`.
pub(crate) fn word_for<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| word)
}

/// Parses `true` or `false`.
pub(crate) fn parse_flag(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}

/// Parses a whole number, such as `1024`.
pub(crate) fn parse_count<T: FromStr>(text: &str) -> Result<T, String> {
    let parsed = text.trim().parse();
    parsed.map_err(|_| "expected a whole number (`64`)".to_owned())
}

/// Parses the path of a file.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a parser of the table of settings may fail"
)]
pub(crate) fn parse_path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok(Some(text.into()))
}

/// Returns the text of a path, as [`parse_path`] reads it.
#[expect(
    clippy::ref_option,
    reason = "the table of settings gives a reference to the field"
)]
pub(crate) fn shown_path(path: &Option<PathBuf>) -> String {
    let path = path.as_ref();
    path.map_or_else(String::new, |path| path.display().to_string())
}

/// Returns the text of a length of time, as [`parse_duration`] reads it: `5m`, `1h30m`, `500ms`.
/// Parts below a millisecond are shown as Rust shows them.
pub(crate) fn shown_length(length: Duration) -> String {
    const UNITS: [(&str, u128); 5] = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut rest = length.as_millis();
    if rest == 0 || !length.subsec_nanos().is_multiple_of(1_000_000) {
        return format!("{length:?}");
    }
    let mut text = String::new();
    for (unit, millis) in UNITS {
        if rest >= millis {
            text.push_str(&(rest / millis).to_string());
            text.push_str(unit);
            rest %= millis;
        }
    }
    text
}

/// Returns the text of a number of bytes: `64MiB`, `1000B`.
pub(crate) fn shown_size(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let exact = units
        .into_iter()
        .find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    match exact {
        Some((unit, shift)) => format!("{}{unit}", bytes >> shift),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::duration_text::CASES;
    use crate::model::config::{SIZES, parse_bytes};

    #[test]
    fn a_length_is_read_as_it_is_shown() {
        for millis in CASES.iter().filter_map(|(_, millis)| millis.ok()) {
            let length = Duration::from_millis(millis);
            assert_eq!(parse_duration(&shown_length(length)), Ok(length));
        }
        assert_eq!(shown_length(Duration::from_secs(5_400)), "1h30m");
        assert_eq!(shown_length(Duration::ZERO), "0ns");
        assert_eq!(shown_length(Duration::from_micros(1_500)), "1.5ms");
    }

    #[test]
    fn a_size_is_read_as_it_is_shown() {
        for bytes in SIZES.iter().filter_map(|(_, bytes)| *bytes) {
            let text = shown_size(bytes);
            assert_eq!(
                parse_bytes(&text).ok().map(|it| it as u64),
                Some(bytes),
                "{text}"
            );
            let capacity = Capacity::bytes(bytes);
            assert_eq!(capacity.to_string().parse(), Ok(capacity));
        }
        let few = Capacity::entries(10_000);
        assert_eq!(few.to_string().parse(), Ok(few));
    }

    #[test]
    fn words_are_read_as_they_are_shown() {
        let half = OnDisconnect::ServeFor(Duration::from_millis(500));
        for policy in [half, OnDisconnect::Bypass, OnDisconnect::Serve] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        assert!(
            "serv"
                .parse::<OnDisconnect>()
                .unwrap_err()
                .contains("`bypass`")
        );
        for policy in [OnNewMaster::Clear, OnNewMaster::Replay] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        for eviction in [Eviction::Lru, Eviction::TinyLfu] {
            assert_eq!(eviction.to_string().parse(), Ok(eviction));
        }
        let unknown = value_of(TIERS, "disk").unwrap_err();
        assert_eq!(unknown, "expected `memory`, `redis` or `both`");
        assert_eq!(word_for(TIERS, &Tier::Redis), "redis");
    }
}
