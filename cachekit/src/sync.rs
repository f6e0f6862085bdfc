//! What a search of interleavings puts its own in the place of: `tests/models` compiles the
//! flights with a module of this name whose every step is a point to switch at.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock};

pub(crate) use tokio::sync::{OwnedSemaphorePermit, Semaphore};
pub(crate) use tokio::time::timeout;
