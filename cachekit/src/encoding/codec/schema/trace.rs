//! The record of a schema trace (a trial deserialization): everything that a type asked of its
//! deserializer, over all passes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::choices::Choices;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::shapes::{Sealed, Shapes};

/// The most requests that a type may make to its deserializer in a schema trace, which deserializes
/// the type from sample values. The trace of a larger type ends at this limit, and the fingerprint
/// does not cover the parts of the type after the limit.
const MAX_STEPS: u32 = 200_000;

/// The most layers inside one another, such as options, structs and sequences, that a schema trace
/// (a trial deserialization of a type) enters. The trace of a type with more layers ends at this
/// limit.
const MAX_DEPTH: u8 = 192;

/// The depth in layers from which on a schema trace (a trial deserialization) gives a type the
/// least nested sample: `None` for an option, an empty sequence or map, and for an enum a variant
/// without a value of that enum.
pub(crate) const SHALLOW_FROM: u8 = 96;

/// The record of a schema trace. The trace deserializes a type from sample values, in several
/// passes, and records each request of the type to its deserializer.
pub(crate) struct Trace {
    /// `true` if the codec of the type under trial deserialization writes the names of fields and
    /// the kind of each value, as `MessagePack` and JSON do. `false` for bincode.
    pub(crate) has_names: bool,
    log: Cell<Fnv>,
    steps: Cell<u32>,
    pub(crate) spent: Cell<bool>,
    pub(crate) self_describing: Cell<bool>,
    /// The index of the sample value that a schema trace (a trial deserialization) gives at a
    /// position in the traced type, by the hash of the position. A position without an index gets
    /// the first sample value.
    pub(crate) samples: RefCell<BTreeMap<Fnv, usize>>,
    /// The position in the type under trial deserialization that got the most recent sample value,
    /// as the hash of its path, and the number of sample values for that position. `None` before
    /// the first sample value of a pass.
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
    /// Adds a request of the kind `what`, which a type made in its trial deserialization, to the
    /// fingerprint of the type. Returns an error if the type has made more than [`MAX_STEPS`]
    /// requests.
    pub(crate) fn step(&self, what: u8) -> Result<(), Refused> {
        self.log.set(self.log.get().bytes(&[what]));
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(())
    }

    /// Adds `text`, a name for which a type asked in its trial deserialization, to the fingerprint
    /// of the type.
    pub(crate) fn text(&self, text: &str) {
        self.log.set(self.log.get().text(text));
    }

    /// Adds `number`, a length or an index for which a type asked in its trial deserialization, to
    /// the fingerprint of the type.
    pub(crate) fn number(&self, number: usize) {
        self.log.set(self.log.get().number(number as u64));
    }

    /// Adds `names`, the names of fields or variants for which a type asked in its trial
    /// deserialization, to the fingerprint of the type. The number of names is added first.
    pub(crate) fn names(&self, names: &[&str]) {
        self.number(names.len());
        for name in names {
            self.text(name);
        }
    }

    /// Returns the sample value in the list `of` that the position `place` in a type gets in the
    /// type's trial deserialization. After the type has rejected all values of the list, returns
    /// the last value again.
    pub(crate) fn sample<S: Copy>(&self, place: Fnv, of: &[S]) -> Result<S, Refused> {
        self.last.set(Some((place, of.len())));
        let at = self.samples.borrow().get(&place).copied().unwrap_or(0);
        // After all sample values, the last one is given again, until a choice avoids this
        // position.
        of.get(at).or(of.last()).copied().ok_or(Refused)
    }

    /// Returns `depth` plus one. Returns an error if `depth` is [`MAX_DEPTH`], the most layers of a
    /// type that a schema trace (a trial deserialization) enters.
    pub(crate) fn deeper(&self, depth: u8) -> Result<u8, Refused> {
        if depth >= MAX_DEPTH {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(depth + 1)
    }

    /// Records that a type asked in its trial deserialization for the kind of the next value, which
    /// bincode's bytes do not contain. Returns the error with which the deserializer answers the
    /// type.
    pub(crate) fn asks_the_bytes(&self) -> Refused {
        self.self_describing.set(true);
        Refused
    }

    /// Returns `true` if a type asked in its trial deserialization for the kind of a value under
    /// bincode, whose bytes do not contain the kind.
    pub(crate) fn is_self_describing(&self) -> bool {
        self.self_describing.get()
    }

    /// Returns the fingerprint of a type after its trial deserialization: the hash of the requests
    /// of the type, with the names and lengths in them, and of the choices between empty and full
    /// parts.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.log.get().finish()
    }

    /// Ends the schema trace (a trial deserialization), and returns the fields and variants with
    /// which the structs and enums of the traced type are read.
    pub(crate) fn into_shapes(self) -> Sealed {
        self.shapes.seal()
    }
}
