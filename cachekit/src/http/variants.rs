//! The variants of one key: responses that differ by the fields that their `Vary` names.
//!
//! The first variant is stored under the key of the request itself. A request that the first
//! variant does not match is looked up under a second key. The second key is made of the first key
//! and of the request's values of the fields that the first variant varies by. This is repeated a
//! few times. No list of variants is kept, so two nodes that store two variants at once lose none.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};

use crate::http::entries::{Entries, Kept, Lookup, OldResponse};
use crate::http::other_variants::Varied;
use crate::http::semantics::vary::{self, nominated};
use crate::read::call::MemoryMiss;

/// Largest number of keys at which one request is looked up. Only a handler that changes its `Vary`
/// from variant to variant needs more than two.
const MOST_KEYS: u8 = 4;

/// The keys at which a request is looked up, one after the other.
pub(crate) struct Variants<'a> {
    entries: &'a Entries,
    /// The key that was looked up last. Borrowed until a variant is looked up: a hit copies no key.
    key: Cow<'a, [u8]>,
    /// Number of keys that may still be looked up.
    left: u8,
    /// `true` if the key is that of a variant, and not of the request itself.
    is_variant: bool,
}

/// The place among the variants that was looked up last, for a look-up that goes on from there.
pub(crate) struct Place {
    key: Vec<u8>,
    left: u8,
    is_variant: bool,
}

/// The result of a look-up along the variants.
pub(crate) enum Found {
    /// A fresh response for this request.
    Fresh(Kept),
    /// Memory has no fresh response for this request.
    Missing(Box<Missing>),
    /// The request goes to the handler alone, because the cache is off here.
    Bypass,
    /// The request goes to the handler alone: the handler's `Vary` changes from variant to variant.
    TooManyVariants,
}

/// A miss in memory.
pub(crate) struct Missing {
    pub(crate) missed: MemoryMiss,
    /// Response for this request that is no longer fresh.
    pub(crate) old: Option<OldResponse>,
}

impl Missing {
    /// Returns `true` if the old response is still fresh, and was chosen to be fetched early.
    pub(crate) fn is_fresh(&self) -> bool {
        self.missed.old.is_some()
    }
}

impl<'a> Variants<'a> {
    pub(crate) fn new(entries: &'a Entries, key: &'a [u8]) -> Self {
        Self {
            entries,
            key: Cow::Borrowed(key),
            left: MOST_KEYS,
            is_variant: false,
        }
    }

    /// Goes on from a place that was looked up.
    pub(crate) fn at(entries: &'a Entries, place: Place) -> Self {
        Self {
            entries,
            key: Cow::Owned(place.key),
            left: place.left,
            is_variant: place.is_variant,
        }
    }

    /// Returns the place that was looked up last.
    pub(crate) fn into_place(self) -> Place {
        Place {
            key: self.key.into_owned(),
            left: self.left,
            is_variant: self.is_variant,
        }
    }

    /// Returns `true` if the key that was looked up last is that of a variant, and not of the
    /// request itself.
    pub(crate) fn is_variant(&self) -> bool {
        self.is_variant
    }

    /// Returns the key that was looked up last.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Looks for a response that matches `headers`, along the variants that memory has.
    pub(crate) fn find(&mut self, headers: &HeaderMap) -> Found {
        while self.left > 0 {
            self.left -= 1;
            let other = match self.entries.lookup(&self.key) {
                Lookup::Bypass => return Found::Bypass,
                Lookup::Hit(kept) if kept.matches(headers) => return Found::Fresh(kept),
                Lookup::Hit(other) => other,
                Lookup::Miss(missed) => match self.entries.old(&self.key) {
                    Some(old) if !old.kept.matches(headers) => old.kept,
                    old => match self.elsewhere(old.is_some(), headers) {
                        Some(varied) => {
                            self.go_on_by(&varied, headers);
                            continue;
                        }
                        None => return Found::Missing(Box::new(Missing { missed, old })),
                    },
                },
            };
            self.go_on_from(&other, headers);
        }
        Found::TooManyVariants
    }

    /// Returns the fields that the response under the key varies by, if only the shared tier has
    /// the response, and the response is for other values than those of `headers`.
    fn elsewhere(&self, is_in_memory: bool, headers: &HeaderMap) -> Option<Varied> {
        let varied = self.entries.other_variant(&self.key);
        varied.filter(|varied| !is_in_memory && !vary::matches(varied, headers))
    }

    /// Goes on to the key of the variant for `headers`, after `other` was found for other values.
    pub(crate) fn go_on_from(&mut self, other: &Kept, headers: &HeaderMap) {
        self.go_on_by(&other.vary, headers);
    }

    fn go_on_by(&mut self, varied: &[(HeaderName, Option<Bytes>)], headers: &HeaderMap) {
        self.is_variant = true;
        let names: Vec<_> = varied.iter().map(|(name, _)| name.clone()).collect();
        for (name, value) in nominated(&names, headers) {
            self.add(name.as_str().as_bytes());
            match value {
                Some(value) => self.add(&value),
                None => self.key.to_mut().push(0),
            }
        }
    }

    /// Adds a text with its length, so that no two lists of texts make one key.
    fn add(&mut self, text: &[u8]) {
        let key = self.key.to_mut();
        key.push(1);
        key.extend_from_slice(&text.len().to_be_bytes());
        key.extend_from_slice(text);
    }
}
