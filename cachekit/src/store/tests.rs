//! Tests of the port to a shared store: the conformance cases that every adapter must pass.

pub(crate) mod conformance;
