//! One way to get values: what is compared with others.

use std::fmt;
use std::pin::Pin;

use crate::keys::Batch;

/// Calls that are under way.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A cache, and how it is called.
pub struct Candidate {
    name: String,
    is_ours: bool,
    calls: Box<dyn Fn(Batch) -> Running + Send + Sync>,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Candidate").field(&self.name).finish()
    }
}

impl Candidate {
    /// `calls` makes the calls of a batch one after the other, in one future: what starting a
    /// task costs is not measured. [`candidate!`](crate::candidate!) writes it.
    pub fn new(name: &str, calls: impl Fn(Batch) -> Running + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            is_ours: false,
            calls: Box::new(calls),
        }
    }

    /// The one that all others are compared with.
    pub fn ours(self) -> Self {
        Self {
            is_ours: true,
            ..self
        }
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is cachekit.
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// Makes these calls.
    pub fn run(&self, batch: Batch) -> Running {
        (self.calls)(batch)
    }
}

/// A candidate whose calls are `call`, with a clone of `cache` and each key of a batch.
#[macro_export]
macro_rules! candidate {
    ($name:expr, $state:expr, |$cache:pat_param, $key:ident| $call:expr) => {{
        let state = $state;
        $crate::candidate::Candidate::new($name, move |batch| {
            let $cache = ::std::clone::Clone::clone(&state);
            ::std::boxed::Box::pin(async move {
                for $key in batch.keys() {
                    ::std::hint::black_box($call);
                }
            })
        })
    }};
}
