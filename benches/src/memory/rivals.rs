//! Other caches, each in the fastest way that its documentation shows for the job.

pub(super) mod amalgam;
pub(super) mod annotated;
pub(super) mod curve;
pub(super) mod hitbox;
pub(super) mod misses;
pub(super) mod multi_tier;
pub(super) mod stores;
