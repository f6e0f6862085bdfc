//! What a type's serialised form looks like, found by letting it deserialize samples.
//!
//! bincode writes values and nothing about them: bytes of an older `User` whose two strings
//! stood the other way round decode without an error. So the shape goes into the header of
//! what is stored, as a hash of everything that `T::deserialize` asks for: names, fields,
//! variants and kinds of numbers. It needs no derive, and sees foreign types.

mod access;
mod choices;
mod recorder;
mod refused;
mod samples;
mod shapes;
mod trace;
mod variants;

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use serde::de::DeserializeOwned;

pub(crate) use shapes::Sealed as Shapes;
use trace::Trace;

/// How many values of each type are compared with its shape when they are written. In
/// debug builds all are.
const LOOKS: u32 = 16;

/// What is known about one type.
pub(crate) struct Schema {
    type_name: &'static str,
    fingerprint: u64,
    self_describing: bool,
    #[cfg(test)]
    complete: bool,
    shapes: Shapes,
    looks: AtomicU32,
    refused: OnceLock<String>,
}

impl Schema {
    fn trace<T: DeserializeOwned>() -> Self {
        let trace = Trace::default();
        let complete = trace.run::<T>();
        let _ = complete;
        Self {
            type_name: type_name::<T>(),
            fingerprint: trace.fingerprint(),
            self_describing: trace.is_self_describing(),
            #[cfg(test)]
            complete,
            shapes: trace.into_shapes(),
            looks: AtomicU32::new(0),
            refused: OnceLock::new(),
        }
    }

    /// The hash, or why bincode cannot carry the type.
    pub(crate) fn fingerprint(&self) -> Result<u64, String> {
        if self.self_describing {
            return Err(format!(
                "`{}` uses `#[serde(flatten)]`, `untagged`, `tag` or a `Value`, which bincode \
                 cannot carry; write `codec = msgpack`",
                self.type_name
            ));
        }
        match self.refused.get() {
            Some(why) => Err(why.clone()),
            None => Ok(self.fingerprint),
        }
    }

    /// Remembers why bincode cannot carry the type, and says it.
    pub(crate) fn refuse(&self, what: &str) -> String {
        let why = || {
            format!(
                "`{}` cannot be carried by bincode: {what}; write `codec = msgpack`",
                self.type_name
            )
        };
        self.refused.get_or_init(why).clone()
    }

    /// The shapes, if the next value is one of those to compare with them.
    pub(crate) fn look(&self) -> Option<&Shapes> {
        if cfg!(debug_assertions) || self.looks.load(Ordering::Relaxed) < LOOKS {
            self.looks.fetch_add(1, Ordering::Relaxed);
            return Some(&self.shapes);
        }
        None
    }

    /// Whether everything in the type was reached.
    #[cfg(test)]
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }
}

/// What is known about `T`; found out once.
pub(crate) fn of<T: DeserializeOwned + 'static>() -> &'static Schema {
    static KNOWN: RwLock<BTreeMap<TypeId, &'static Schema>> = RwLock::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = known.get(&id) {
        return schema;
    }
    drop(known);
    // Without the lock: a type's own code runs here, and may use a cache itself.
    let traced = Schema::trace::<T>();
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    // Leaked, once for each type of the program.
    known
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(traced)))
}
