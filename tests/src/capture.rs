//! Captures everything that is logged, so that tests can search it.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// A subscriber that keeps every event and span of its levels, as text.
#[derive(Debug, Clone)]
pub struct Capture {
    lines: Arc<Mutex<Vec<Line>>>,
    level: Level,
}

impl Default for Capture {
    /// Of every level.
    fn default() -> Self {
        Self::up_to(Level::TRACE)
    }
}

/// One event or span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// Its target and fields.
    pub text: String,
}

impl Capture {
    /// Of this level and those above it.
    pub fn up_to(level: Level) -> Self {
        // While there is only one subscriber, `tracing` asks that of the thread which meets an event
        // first, and this thread may belong to a test without any.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Dispatch::new(NoSubscriber::default()));
        Self {
            lines: Arc::default(),
            level,
        }
    }

    /// What was kept so far.
    pub fn lines(&self) -> Vec<Line> {
        self.lock().clone()
    }

    /// Forgets what it has, and hands it over.
    pub fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.lock())
    }

    fn keep(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields(format!("{} {}", metadata.target(), metadata.name()));
        record(&mut fields);
        self.lock().push(Line {
            level: *metadata.level(),
            text: fields.0,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        // As it is: `Debug` would hide what it escapes. Writing to a string cannot fail.
        let _ = write!(self.0, " {}={value}", field.name());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.into())
    }

    fn event(&self, event: &Event<'_>) {
        self.keep(event.metadata(), |fields| event.record(fields));
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.keep(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields("recorded".to_owned());
        values.record(&mut fields);
        self.lock().push(Line {
            level: Level::ERROR,
            text: fields.0,
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_and_field_is_kept() {
        let capture = Capture::default();
        tracing::subscriber::with_default(capture.clone(), || {
            tracing::trace!(target: "somewhere", number = 7, ?capture, "said");
            tracing::error_span!("span", word = "a\\b").in_scope(|| {});
        });
        let lines = capture.take();
        assert_eq!(lines[0].level, Level::TRACE);
        assert!(lines[0].text.contains("number=7") && lines[0].text.contains("message=said"));
        assert!(lines[1].text.ends_with(r"span word=a\b"), "{:?}", lines[1]);
        assert!(capture.lines().is_empty());
    }

    #[test]
    fn lower_levels_are_left_out() {
        let capture = Capture::up_to(Level::INFO);
        tracing::subscriber::with_default(capture.clone(), || {
            tracing::debug!("left out");
            tracing::info!("kept");
        });
        let lines = capture.take();
        assert!(
            lines.len() == 1 && lines[0].text.ends_with("kept"),
            "{lines:?}"
        );
    }
}
