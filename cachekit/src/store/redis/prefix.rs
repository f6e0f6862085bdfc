//! Names of the port as keys of a Redis.

use std::borrow::Cow;

use crate::base::fault::{Faults, removed};
use crate::store::key_name::{DIGITS, StoreKey};
use crate::store::redis::settings::RedisSettings;

/// Beginning of every key: the namespace and a colon.
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

    /// The whole key of `name`.
    pub(crate) fn full(&self, name: &StoreKey) -> Vec<u8> {
        [&*self.bytes, &*self.rest(name)].concat()
    }

    /// The key of `name` after the prefix.
    pub(crate) fn rest<'n>(&self, name: &'n StoreKey) -> Cow<'n, [u8]> {
        let mut rest = name.in_store();
        if removed!(self, OneHash) && name.is_long() {
            let hash = rest.len() - DIGITS;
            rest.to_mut()[hash..].fill(b'0');
        }
        rest
    }
}
