//! The functions whose hottest keys this process remembers in L2, for the warm start of another
//! process.

use crate::base::sync::Mutex;
use crate::model::owner::OwnerId;

/// The functions of one cache whose hottest keys are remembered.
#[derive(Debug, Default)]
pub(crate) struct RememberedFunctions(Mutex<Vec<RememberedFunction>>);

/// A function whose hottest keys are remembered.
#[derive(Debug, Clone)]
pub(crate) struct RememberedFunction {
    pub(crate) id: OwnerId,
    pub(crate) name: String,
    /// Largest number of remembered keys of the function.
    pub(crate) most: usize,
}

impl RememberedFunctions {
    /// Adds `function`, or replaces its number of keys. Returns `true` if it is the first function of
    /// the cache.
    pub(crate) fn add(&self, function: RememberedFunction) -> bool {
        let mut functions = self.0.lock();
        let is_first = functions.is_empty();
        functions.retain(|known| known.id != function.id);
        functions.push(function);
        is_first
    }

    pub(crate) fn all(&self) -> Vec<RememberedFunction> {
        self.0.lock().clone()
    }
}
