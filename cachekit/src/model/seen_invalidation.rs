//! Invalidations that arrive on the bus, as the public types that `Cache::watch` gives.

use std::fmt;

use crate::model::inspection::DependencyKind;

/// An invalidation or a write that this process received over the bus.
///
/// `Display` prints one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SeenInvalidation {
    /// Kind of the message.
    pub kind: SeenKind,
    /// Identity of the process that sent the message, as hexadecimal digits. `None`: another
    /// program sent it.
    pub from: Option<String>,
    /// `true` if the sender waits until every process has confirmed the invalidation.
    pub is_acknowledged: bool,
    /// Names that the message concerns.
    pub targets: Vec<SeenTarget>,
}

/// Kind of a [`SeenInvalidation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum SeenKind {
    /// A removal: the values are served no more.
    Invalidated,
    /// A soft invalidation: the values count as stale.
    SoftInvalidated,
    /// A write with an order, which stored newer values.
    Written,
}

/// A name that a [`SeenInvalidation`] concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SeenTarget {
    /// Kind of the name.
    pub kind: DependencyKind,
    /// Key, text of the tag or event, or name of the function. Empty for
    /// [`DependencyKind::Namespace`].
    pub name: String,
}

impl fmt::Display for SeenTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            // A name may contain users' data, which must not control a terminal.
            write!(f, "{} {}", self.kind, printable(&self.name))
        }
    }
}

impl fmt::Display for SeenInvalidation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SeenKind::Invalidated => "invalidated",
            SeenKind::SoftInvalidated => "softly invalidated",
            SeenKind::Written => "written",
        })?;
        for (index, target) in self.targets.iter().enumerate() {
            write!(f, "{} {target}", if index == 0 { ":" } else { "," })?;
        }
        let from = self.from.as_deref().unwrap_or("another program");
        write!(f, " (by {from}")?;
        f.write_str(if self.is_acknowledged {
            ", acknowledged)"
        } else {
            ")"
        })
    }
}

/// Returns `text` with its control characters escaped.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_control_the_terminal() {
        let name = "a\u{1b}]52;c;x\u{7}\n\u{e9}".to_owned();
        let kind = DependencyKind::Tag;
        let shown = SeenTarget { kind, name }.to_string();
        assert_eq!(shown, "tag a\\u{1b}]52;c;x\\u{7}\\n\u{e9}");
    }
}
