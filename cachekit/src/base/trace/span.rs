//! Spans of the cache's operations. Their names and fields follow the conventions of OpenTelemetry
//! and Sentry for caches. The target of the spans is `cachekit::span`.

use std::fmt;

/// A span of one operation. The span is empty if spans are off, or without the feature
/// `tracing`.
#[derive(Clone, Default)]
pub(crate) struct OperationSpan {
    // In an `Arc`, because a clone of a `Span` calls the subscriber, and this type is cloned inside of
    // a lock.
    #[cfg(feature = "tracing")]
    span: Option<std::sync::Arc<tracing::Span>>,
}

/// Guard of a span: until the guard is dropped, the code of this thread runs inside of the span.
#[must_use = "the code is inside of the span until the guard is dropped"]
pub(crate) struct Entered {
    #[cfg(feature = "tracing")]
    _span: Option<Box<tracing::span::EnteredSpan>>,
}

/// The result of a look-up, as its span shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    /// `true` if a tier had the value, fresh or stale.
    pub(crate) is_hit: bool,
    /// Name of the part of the cache that answered.
    pub(crate) source: &'static str,
    pub(crate) is_stale: bool,
    /// Bytes of the entry. `None`: the entry was not weighed.
    pub(crate) size: Option<u32>,
}

/// Defines the constructors of spans. The name of a span is part of its callsite, so each name needs
/// a callsite of its own.
macro_rules! operations {
    ($($(#[$doc:meta])* $constructor:ident $name:literal,)*) => {
        impl OperationSpan {
            $(
                $(#[$doc])*
                pub(crate) fn $constructor(function: &str, key: Option<&[u8]>) -> Self {
                    #[cfg(feature = "tracing")]
                    {
                        use tracing::field::Empty;

                        let span = tracing::info_span!(
                            target: "cachekit::span",
                            $name,
                            otel.name = %format_args!(concat!($name, " {}"), function),
                            function,
                            cache.key = Empty,
                            cache.hit = Empty,
                            cache.source = Empty,
                            cache.stale = Empty,
                            cache.item_size = Empty,
                        );
                        if let Some(key) = key {
                            span.record("cache.key", &*String::from_utf8_lossy(key));
                        }
                        Self { span: Some(std::sync::Arc::new(span)) }
                    }
                    #[cfg(not(feature = "tracing"))]
                    {
                        let _ = (function, key);
                        Self {}
                    }
                }
            )*
        }
    };
}

operations! {
    /// Begins the span of a look-up in the entries of `function`.
    get "cache.get",
    /// Begins the span of a store into the entries of `function`.
    put "cache.put",
    /// Begins the span of an invalidation. `function` is what the invalidation names.
    remove "cache.remove",
}

impl OperationSpan {
    /// Records the result of a look-up in its span.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(clippy::unused_self, reason = "the same signature as with the feature")
    )]
    pub(crate) fn answered(&self, answered: Answered) {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.span {
            span.record("cache.hit", answered.is_hit);
            span.record("cache.source", answered.source);
            span.record("cache.stale", answered.is_stale);
            if let Some(size) = answered.size {
                span.record("cache.item_size", size);
            }
        }
        #[cfg(not(feature = "tracing"))]
        let _ = (
            answered.is_hit,
            answered.source,
            answered.is_stale,
            answered.size,
        );
    }

    /// Enters the span, which lasts at least until the guard is dropped.
    #[cfg_attr(
        not(feature = "tracing"),
        expect(clippy::unused_self, reason = "the same signature as with the feature")
    )]
    pub(crate) fn enter(&self) -> Entered {
        Entered {
            #[cfg(feature = "tracing")]
            _span: self
                .span
                .as_ref()
                .map(|span| Box::new(tracing::Span::clone(span).entered())),
        }
    }
}

impl fmt::Debug for OperationSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperationSpan")
    }
}
