//! A computation under control.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::Gate;

/// A source of data whose computations stop at a gate.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What the source holds now.
    pub version: Arc<AtomicU64>,
    /// How many computations began.
    pub runs: Arc<AtomicUsize>,
    /// Where they wait.
    pub gate: Gate,
}

impl Source {
    /// Begins a computation, reads, and waits at the gate.
    pub async fn read(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let version = self.version.load(Ordering::SeqCst);
        self.gate.pass().await;
        version
    }

    /// How many computations began.
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// Changes what the source holds.
    pub fn write(&self, version: u64) {
        self.version.store(version, Ordering::SeqCst);
    }
}
