//! The setting that turns the `tracing` spans of the cache on.

use std::fmt;
use std::str::FromStr;

/// Rule for the `tracing` spans of a cache: if its operations make spans, and if the spans show
/// keys.
///
/// The spans are described in `docs/operating.md`. With [`Off`](Self::Off), spans cost a hit
/// nothing.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Spans {
    /// No spans. The default.
    #[default]
    Off,
    /// A span for each look-up, store and invalidation.
    On,
    /// Spans that also have the key, in the field `cache.key`. Keys contain the arguments of
    /// functions, which may contain users' data.
    WithKeys,
}

impl FromStr for Spans {
    type Err = String;

    /// Parses `false` or `off`, `true` or `on`, or `keys`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "false" | "off" => Ok(Self::Off),
            "true" | "on" => Ok(Self::On),
            "keys" => Ok(Self::WithKeys),
            _ => Err("expected `true`, `false` or `keys`".to_owned()),
        }
    }
}

impl fmt::Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "false",
            Self::On => "true",
            Self::WithKeys => "keys",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Spans;

    #[test]
    fn words() {
        for (text, spans) in [
            ("off", Some(Spans::Off)),
            ("FALSE", Some(Spans::Off)),
            (" true ", Some(Spans::On)),
            ("on", Some(Spans::On)),
            ("keys", Some(Spans::WithKeys)),
            ("1", None),
        ] {
            assert_eq!(text.parse().ok(), spans, "{text}");
            if let Some(spans) = spans {
                assert_eq!(spans.to_string().parse(), Ok(spans));
            }
        }
    }
}
