//! The shape of a type's serialised form, found by letting the type deserialize samples.
//!
//! bincode writes values and nothing about them. For example, the bytes of an older `User`, whose
//! two strings had the other order, decode without an error. So every value that bincode encodes is
//! stored with a fingerprint of its type's shape. The fingerprint is a hash of everything that
//! `T::deserialize` asks for: names, fields, variants and kinds of numbers. The fingerprint needs
//! no derive, and also covers types of other crates.
//!
//! With every codec, the names of the fields that a value writes are compared with the names for
//! which its type asks when it is read. A field that is only read would come back as its default,
//! and a field that is only written would be lost.

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

/// The number of values of each type that are compared with the type's shape when they are written,
/// and that are read back. In debug builds, all values are.
const LOOKS: u32 = 16;

/// The shape of one type under one codec, as a trace of the type found it.
pub(crate) struct Schema {
    type_name: &'static str,
    fingerprint: u64,
    self_describing: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests ask"))]
    complete: bool,
    shapes: Shapes,
    looks: AtomicU32,
    /// The number of values that were read back because `skip_serializing_if` left out one of their
    /// fields.
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

    /// Returns the fingerprint of the type, or the reason why `codec` cannot encode the type. The
    /// fingerprint is 0 for codecs that write names. With such a codec, an older value of a changed
    /// type is read as far as possible, so an added field does not make the cache cold.
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

    /// Returns a text that says why `codec` cannot encode the part of a value in `found`. If the
    /// reason holds for every value of the type, the schema refuses all further values for it.
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

    /// Returns the shapes of the type if the next value is among the first, which are compared with
    /// the shapes when they are written. Returns `None` for later values.
    pub(crate) fn look(&self) -> Option<&Shapes> {
        is_among_the_first(&self.looks).then_some(&self.shapes)
    }

    /// Returns `true` if the next value of which a field was left out is among the first such
    /// values, which are read back.
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

/// Returns the schema of `T` under `codec`. The first call in the process finds the schema by a
/// trace of `T`.
pub(crate) fn of<T: DeserializeOwned + 'static>(codec: Codec) -> &'static Schema {
    static KNOWN: RwLock<BTreeMap<(TypeId, u8), &'static Schema>> = RwLock::new(BTreeMap::new());
    let id = (TypeId::of::<T>(), codec.id());
    let known = KNOWN.read();
    if let Some(schema) = known.get(&id) {
        return schema;
    }
    drop(known);
    // The trace runs without the lock, because it calls the type's own code, which may use a cache.
    let traced = Schema::trace::<T>(codec != Codec::Bincode);
    let mut known = KNOWN.write();
    // The schema is leaked, once for each type and codec of the program.
    known
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(traced)))
}

#[cfg(test)]
#[expect(dead_code, reason = "of most types here only the shape matters")]
mod tests;
