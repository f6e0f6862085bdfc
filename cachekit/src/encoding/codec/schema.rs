//! The shape of a type's serialised form, found by a *schema trace*: a trial deserialization of the
//! type from sample values.
//!
//! bincode writes values without names and kinds. For example, the bytes of an older `User`, whose
//! two strings had the other order, decode without an error. So every value that bincode encodes is
//! stored with a fingerprint of its type's shape. The fingerprint is a hash of everything that
//! `T::deserialize` asks of its deserializer: names, fields, variants and kinds of numbers. A
//! fingerprint needs no derive, and also covers types of other crates.
//!
//! With every codec, the names of the fields that a value writes are compared with the names for
//! which its type asks when it is read. A field that is read and not written would come back as its
//! default, and a field that is written and not read would be lost.

pub(crate) mod access;
pub(crate) mod choices;
pub(crate) mod deserializer;
pub(crate) mod passes;
pub(crate) mod recorder;
pub(crate) mod refused;
pub(crate) mod samples;
pub(crate) mod shapes;
pub(crate) mod trace;
pub(crate) mod variants;

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::de::DeserializeOwned;

use crate::base::sync::RwLock;
use crate::encoding::codec::Codec;
use crate::encoding::codec::checked::found::{Found, NAMES};
use crate::encoding::codec::schema::shapes::Sealed as Shapes;
use crate::encoding::codec::schema::trace::Trace;

/// The number of values of each type that are checked when they are encoded. A checked value is
/// decoded again, and the fields that it writes are compared with the fields that its type reads.
/// In debug builds, all values are checked.
const LOOKS: u32 = 16;

/// The shape of one type under one codec: its fingerprint (a hash of the shape), and the names of
/// the fields and variants that its `Deserialize` reads. To find the shape, the cache deserializes
/// the type once from sample values.
pub(crate) struct Schema {
    type_name: &'static str,
    fingerprint: u64,
    self_describing: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests ask"))]
    complete: bool,
    shapes: Shapes,
    looks: AtomicU32,
    /// The number of values of this type that were decoded again after encoding, because
    /// `skip_serializing_if` left out one of their fields.
    sparse_looks: AtomicU32,
    refused: OnceLock<String>,
}

impl Schema {
    fn trace<T: DeserializeOwned>(has_names: bool) -> Self {
        let trace = Trace::new(has_names);
        let complete = trace.run::<T>();
        Self {
            type_name: type_name::<T>(),
            fingerprint: trace.fingerprint(),
            self_describing: trace.is_self_describing(),
            complete,
            shapes: trace.into_shapes(),
            looks: AtomicU32::new(0),
            sparse_looks: AtomicU32::new(0),
            refused: OnceLock::new(),
        }
    }

    /// Returns the fingerprint of the type (a hash of its fields and variants), or the reason why
    /// `codec` cannot encode the type. The fingerprint is 0 for codecs that write names. Such a
    /// codec can read an older value of a changed type, so an added field does not turn the
    /// existing entries into misses.
    pub(crate) fn fingerprint(&self, codec: Codec) -> Result<u64, String> {
        if self.self_describing {
            return Err(format!(
                "`{}` uses `#[serde(flatten)]`, `untagged`, `tag` or a `Value`, which bincode \
                 cannot encode; {NAMES}",
                self.type_name
            ));
        }
        match self.refused.get() {
            Some(why) => Err(why.clone()),
            None if codec == Codec::Bincode => Ok(self.fingerprint),
            None => Ok(0),
        }
    }

    /// Returns a message that says why `codec` cannot encode the part of a value that `found`
    /// describes. If the reason holds for every value of the type, all further values of the type
    /// are refused with this message.
    pub(crate) fn refuse(&self, codec: Codec, found: &Found) -> String {
        let why = || {
            let Found { what, remedy, .. } = found;
            format!(
                "{codec} cannot encode `{}`: {what}; {remedy}",
                self.type_name
            )
        };
        if found.is_of_the_type {
            self.refused.get_or_init(why).clone()
        } else {
            why()
        }
    }

    /// Returns the fields and variants that the type's `Deserialize` reads, to compare them with
    /// those that the next value writes. Only the first values of a type are compared: for later
    /// values, returns `None`.
    pub(crate) fn look(&self) -> Option<&Shapes> {
        is_among_the_first(&self.looks).then_some(&self.shapes)
    }

    /// Returns `true` if the next value of which `skip_serializing_if` left out a field must be
    /// decoded again after encoding. Only the first such values of each type are decoded again.
    pub(crate) fn looks_at_sparse(&self) -> bool {
        is_among_the_first(&self.sparse_looks)
    }
}

fn is_among_the_first(looks: &AtomicU32) -> bool {
    let is_first = cfg!(debug_assertions) || looks.load(Ordering::Relaxed) < LOOKS;
    if is_first {
        looks.fetch_add(1, Ordering::Relaxed);
    }
    is_first
}

/// Returns the schema of `T` under `codec`: the fingerprint, and the fields and variants that are
/// read. The first call for `T` finds the schema by deserializing `T` from sample values. Later
/// calls in the process return the same schema.
pub(crate) fn of<T: DeserializeOwned + 'static>(codec: Codec) -> &'static Schema {
    static KNOWN: RwLock<BTreeMap<(TypeId, u8), &'static Schema>> = RwLock::new(BTreeMap::new());
    let id = (TypeId::of::<T>(), codec.id());
    let known = KNOWN.read();
    if let Some(schema) = known.get(&id) {
        return schema;
    }
    drop(known);
    // The trial deserialization runs without the lock, because the code of the type may use a
    // cache.
    let traced = Schema::trace::<T>(codec != Codec::Bincode);
    let mut known = KNOWN.write();
    // Schemas are never freed: the program has at most one for each type and codec.
    known
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(traced)))
}

#[cfg(test)]
#[expect(dead_code, reason = "of most types here only the shape matters")]
mod tests;
