//! The keys in Redis for the names of entries and versions that the port uses.

use std::borrow::Cow;

use crate::base::fault::{Faults, removed};
use crate::store::key_name::{DIGITS, StoreKey};
use crate::store::redis::settings::RedisSettings;

/// The beginning of every key in Redis: the namespace and a colon.
#[derive(Debug, Clone)]
pub(crate) struct Prefix {
    pub(crate) bytes: Box<[u8]>,
    faults: Faults,
}

impl Prefix {
    pub(crate) fn new(settings: &RedisSettings<'_>) -> Self {
        Self {
            bytes: format!("{}:", settings.namespace).into_bytes().into(),
            faults: settings.faults,
        }
    }

    /// Returns the whole key in Redis of `name` (the name of an entry or a version): the namespace,
    /// a colon and the name.
    pub(crate) fn full(&self, name: &StoreKey) -> Vec<u8> {
        [&*self.bytes, &*self.rest(name)].concat()
    }

    /// Returns the key in Redis of `name` (the name of an entry or a version), without the
    /// namespace and its colon.
    pub(crate) fn rest<'n>(&self, name: &'n StoreKey) -> Cow<'n, [u8]> {
        let mut rest = name.in_store();
        if removed!(self, OneHash) && name.is_long() {
            let hash = rest.len() - DIGITS;
            rest.to_mut()[hash..].fill(b'0');
        }
        rest
    }
}
