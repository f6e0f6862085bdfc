//! What a type's serialised form looks like, found by letting it deserialize samples.
//!
//! bincode writes values and nothing about them: bytes of an older `User` whose two strings
//! stood the other way round decode without an error. So the shape goes into the header of
//! what is stored, as a hash of everything that `T::deserialize` asks for: names, fields,
//! variants and kinds of numbers. It needs no derive, and sees foreign types.
//!
//! With every codec, the names that a value is written with are compared with those that its
//! type asks for: what is not written, or not read, would come back as a default.

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

/// How many values of each type are compared with its shape when they are written, and read
/// back. In debug builds all are.
const LOOKS: u32 = 16;

/// What is known about one type.
pub(crate) struct Schema {
    type_name: &'static str,
    fingerprint: u64,
    self_describing: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests ask"))]
    complete: bool,
    shapes: Shapes,
    looks: AtomicU32,
    /// Of those that left a field out.
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

    /// The hash, or why `codec` cannot carry the type. There is none where the bytes say what they
    /// are: then a changed type is read as far as it goes, and an added field is no reason for a
    /// cold cache.
    pub(crate) fn fingerprint(&self, codec: Codec) -> Result<u64, String> {
        if self.self_describing {
            return Err(format!(
                "`{}` uses `#[serde(flatten)]`, `untagged`, `tag` or a `Value`, which bincode \
                 cannot carry; {NAMES}",
                self.type_name
            ));
        }
        match self.refused.get() {
            Some(why) => Err(why.clone()),
            None if codec == Codec::Bincode => Ok(self.fingerprint),
            None => Ok(0),
        }
    }

    /// Why `codec` cannot carry what was found, in words. If it is so with every value of the type,
    /// that is remembered.
    pub(crate) fn refuse(&self, codec: Codec, found: &Found) -> String {
        let why = || {
            let Found { what, remedy, .. } = found;
            format!(
                "`{}` cannot be carried by {codec}: {what}; {remedy}",
                self.type_name
            )
        };
        if found.is_of_the_type {
            self.refused.get_or_init(why).clone()
        } else {
            why()
        }
    }

    /// The shapes, if the next value is one of those to compare with them.
    pub(crate) fn look(&self) -> Option<&Shapes> {
        is_among_the_first(&self.looks).then_some(&self.shapes)
    }

    /// Whether the next value that left a field out is one of those to look at.
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

/// What is known about `T` under `codec`; found out once for those with names, and once for the
/// one without.
pub(crate) fn of<T: DeserializeOwned + 'static>(codec: Codec) -> &'static Schema {
    static KNOWN: RwLock<BTreeMap<(TypeId, u8), &'static Schema>> = RwLock::new(BTreeMap::new());
    let id = (TypeId::of::<T>(), codec.id());
    let known = KNOWN.read();
    if let Some(schema) = known.get(&id) {
        return schema;
    }
    drop(known);
    // Without the lock: a type's own code runs here, and may use a cache itself.
    let traced = Schema::trace::<T>(codec != Codec::Bincode);
    let mut known = KNOWN.write();
    // Leaked, once for each type of the program.
    known
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(traced)))
}

#[cfg(test)]
#[expect(dead_code, reason = "of most types here only the shape matters")]
mod tests;
