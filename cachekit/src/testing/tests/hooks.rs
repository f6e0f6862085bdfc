//! Hooks of this project's tests into a cache that is being built.

use std::ffi::OsString;

use crate::api::builder::CacheBuilder;
use crate::base::fault::guards::Fault;
use crate::base::fault::{EditScript, StepIn};
use crate::base::random::Random;
use crate::store::fake::controls::FakeStore;

#[doc(hidden)]
impl CacheBuilder {
    /// Reads settings from `variables`, in place of the process's environment variables, like
    /// [`from_env`](Self::from_env).
    pub fn __with_variables(
        self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        self.with_variables(variables)
    }

    /// Removes one more guard (a protection against a race or a failure) from the cache. A test
    /// does so to show that it detects the broken promise.
    pub fn __seed(mut self, fault: Fault) -> Self {
        self.faults = self.faults.with(fault);
        self
    }

    /// Seeds the cache's random numbers with `seed`, so that they are equal in each run.
    pub fn __seed_random(mut self, seed: u64) -> Self {
        self.random = Random::seeded(seed);
        self
    }

    /// Sets a hook that the cache calls between two of its steps, so that a test can act between
    /// these steps.
    pub fn __step_in(mut self, step_in: StepIn) -> Self {
        self.faults.step_in = Some(step_in);
        self
    }

    /// Sets a function that changes the texts of the scripts which run in Redis.
    pub fn __edit_scripts(mut self, edit: EditScript) -> Self {
        self.faults.edit_script = Some(edit);
        self
    }

    /// Uses `store`, a stand-in for Redis in memory, so that a test can make the store fail.
    pub fn __store(mut self, store: FakeStore) -> Self {
        self.fake = Some(store);
        self
    }
}
