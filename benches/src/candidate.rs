//! One way to get values: what is compared with others.

use std::fmt;
use std::pin::Pin;

use crate::keys::Batch;
use crate::report::Kind;

/// Calls that are under way.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A cache, and how it is called.
pub struct Candidate {
    name: String,
    kind: Kind,
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
            kind: Kind::Rival,
            calls: Box::new(calls),
        }
    }

    /// Another kind than a rival.
    pub fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is to the others.
    pub fn kind(&self) -> Kind {
        self.kind
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
