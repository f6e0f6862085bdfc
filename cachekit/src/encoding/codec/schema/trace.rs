//! The record of a schema trace (a trial deserialization): everything that a type asked of its
//! deserializer, over all passes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::choices::Choices;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::shapes::{Sealed, Shapes};

/// The most requests (for an integer, a string, a struct) that a type may make in a schema trace.
/// The trace deserializes a type from sample values, to learn its fields. The trace of a larger
/// type ends at this limit, and the type's fingerprint does not cover the fields after the limit.
const MAX_STEPS: u32 = 200_000;

/// The most layers inside one another (options, structs, sequences) that a schema trace enters. The
/// trace deserializes a type from sample values, to learn its fields. The trace of a type with more
/// layers ends at this limit.
const MAX_DEPTH: u8 = 192;

/// The depth in layers at which a schema trace begins to give the least nested sample values:
/// `None`, an empty sequence or map, and a variant that does not contain its own enum. The trace
/// deserializes a type from sample values, to learn its fields.
pub(crate) const SHALLOW_FROM: u8 = 96;

/// The record of a schema trace. The trace deserializes a type from sample values, several times,
/// and records each request of the type, such as for a string or for a struct with three fields.
pub(crate) struct Trace {
    /// `true` if the codec writes the names of fields and the kind of each value, as `MessagePack`
    /// and JSON do. `false` for bincode.
    pub(crate) has_names: bool,
    log: Cell<Fnv>,
    steps: Cell<u32>,
    pub(crate) spent: Cell<bool>,
    pub(crate) self_describing: Cell<bool>,
    /// The index of the sample value that each position in a type gets next. A position is a field,
    /// an element or a variant, and is identified by the hash of its path. A position without an
    /// index gets the first sample value.
    pub(crate) samples: RefCell<BTreeMap<Fnv, usize>>,
    /// The position (a field, an element or a variant) in a type that got the most recent sample
    /// value, as the hash of its path, and the number of sample values for that position. `None`
    /// before the first sample value.
    pub(crate) last: Cell<Option<(Fnv, usize)>>,
    pub(crate) choices: RefCell<Choices>,
    pub(crate) shapes: Shapes,
}

impl Trace {
    pub(crate) fn new(has_names: bool) -> Self {
        Self {
            has_names,
            log: Cell::new(Fnv::new()),
            steps: Cell::new(0),
            spent: Cell::new(false),
            self_describing: Cell::new(false),
            samples: RefCell::default(),
            last: Cell::new(None),
            choices: RefCell::default(),
            shapes: Shapes::default(),
        }
    }
}

impl Trace {
    /// Adds a request to the fingerprint of the traced type. The type made the request when it was
    /// deserialized from sample values. The byte `what` tells the kind of request, such as `b's'`
    /// for a string. Returns an error if the type has made more than [`MAX_STEPS`] requests.
    pub(crate) fn step(&self, what: u8) -> Result<(), Refused> {
        self.log.set(self.log.get().bytes(&[what]));
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(())
    }

    /// Adds `text`, the name of a struct, an enum, a field or a variant, to the fingerprint of the
    /// type that contains it.
    pub(crate) fn text(&self, text: &str) {
        self.log.set(self.log.get().text(text));
    }

    /// Adds `number`, the length of a tuple or of a list of names, or the index of a variant, to
    /// the fingerprint of the type that contains it.
    pub(crate) fn number(&self, number: usize) {
        self.log.set(self.log.get().number(number as u64));
    }

    /// Adds `names`, the fields of a struct or the variants of an enum, to the fingerprint of the
    /// type that contains the struct or enum. The number of names is added first.
    pub(crate) fn names(&self, names: &[&str]) {
        self.number(names.len());
        for name in names {
            self.text(name);
        }
    }

    /// Returns a sample value from the list `of` for the part of a type whose path has the hash
    /// `place`. If the type rejected the earlier values of the list, returns the next one. If the
    /// type rejected all values, returns the last value again.
    pub(crate) fn sample<S: Copy>(&self, place: Fnv, of: &[S]) -> Result<S, Refused> {
        self.last.set(Some((place, of.len())));
        let at = self.samples.borrow().get(&place).copied().unwrap_or(0);
        // After all sample values, the last one is given again, until a choice avoids this
        // position.
        of.get(at).or(of.last()).copied().ok_or(Refused)
    }

    /// Returns `depth` plus one. Returns an error if `depth` is [`MAX_DEPTH`], the most layers
    /// (options, structs, sequences) of a type that are deserialized from sample values.
    pub(crate) fn deeper(&self, depth: u8) -> Result<u8, Refused> {
        if depth >= MAX_DEPTH {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(depth + 1)
    }

    /// Records that a type, deserialized from sample values, asked for a value of any kind
    /// (`deserialize_any`). bincode cannot answer this request, because its bytes do not contain
    /// the kind of a value. Returns the error for the type.
    pub(crate) fn asks_the_bytes(&self) -> Refused {
        self.self_describing.set(true);
        Refused
    }

    /// Returns `true` if a type, deserialized from sample values, asked for a value of any kind
    /// (`deserialize_any`) under bincode, whose bytes do not contain the kind of a value.
    pub(crate) fn is_self_describing(&self) -> bool {
        self.self_describing.get()
    }

    /// Returns the fingerprint of a type: a hash of everything that the type asked for when it was
    /// deserialized from sample values, such as numbers, structs with the names of their fields,
    /// and the variants of enums.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.log.get().finish()
    }

    /// Ends the schema trace, the deserialization of a type from sample values. Returns the fields
    /// and variants that the type asked for.
    pub(crate) fn into_shapes(self) -> Sealed {
        self.shapes.seal()
    }
}
