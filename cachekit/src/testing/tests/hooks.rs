//! Hooks of this project's tests into a cache that is being built.

use std::ffi::OsString;

use crate::api::builder::CacheBuilder;
use crate::base::fault::{EditScript, Fault, StepIn};
use crate::base::random::Random;
use crate::store::tests::fake::controls::FakeStore;

#[doc(hidden)]
impl CacheBuilder {
    /// [`from_env`](Self::from_env) of other variables than the process has.
    pub fn __with_variables(self, get: impl Fn(&str) -> Option<OsString> + Copy) -> Self {
        self.with_variables(get)
    }

    /// Removes one more guard. For tests that must see a promise broken.
    pub fn __seed(mut self, fault: Fault) -> Self {
        self.faults = self.faults.with(fault);
        self
    }

    /// Draws equal random numbers in each run.
    pub fn __seed_random(mut self, seed: u64) -> Self {
        self.random = Random::seeded(seed);
        self
    }

    /// Steps in between two steps of the cache.
    pub fn __step_in(mut self, step_in: StepIn) -> Self {
        self.faults.step_in = Some(step_in);
        self
    }

    /// Changes the texts of the scripts that run in Redis.
    pub fn __edit_scripts(mut self, edit: EditScript) -> Self {
        self.faults.edit_script = Some(edit);
        self
    }

    /// A store in memory instead of a Redis. For tests that must see it fail.
    pub fn __store(mut self, store: FakeStore) -> Self {
        self.fake = Some(store);
        self
    }
}
