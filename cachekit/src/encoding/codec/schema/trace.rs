//! The record of a trace: everything that was seen of a type, over all passes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::choices::Choices;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::shapes::{Sealed, Shapes};

/// The most requests that a type may make to its deserializer, over all passes of a trace. The
/// trace of a larger type ends at this limit, and the rest of the type is not in its fingerprint.
const MAX_STEPS: u32 = 200_000;

/// The most layers inside one another, such as options, structs and sequences, that the trace of a
/// type enters. The trace of a deeper type ends at this limit.
const MAX_DEPTH: u8 = 192;

/// The depth in layers from which on the trace of a type gives the shallowest sample at every
/// option, sequence, map and enum.
pub(crate) const SHALLOW_FROM: u8 = 96;

/// The record of a *trace*: a type deserializes itself from samples, in several passes, and
/// everything for which the type asks is recorded.
pub(crate) struct Trace {
    /// `true` for codecs whose bytes contain names, and the kind of each value. `false` for
    /// bincode.
    pub(crate) has_names: bool,
    log: Cell<Fnv>,
    steps: Cell<u32>,
    pub(crate) spent: Cell<bool>,
    pub(crate) self_describing: Cell<bool>,
    /// The index of the sample to give for a position in the type. A position without an index gets
    /// the first sample.
    pub(crate) samples: RefCell<BTreeMap<Fnv, usize>>,
    /// The position in the type for which the last sample was given, and the number of samples for
    /// that position. `None` before the first sample of a pass.
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
    /// Records that the type made a request of the kind `what`. Returns an error if the type has
    /// made more than [`MAX_STEPS`] requests.
    pub(crate) fn step(&self, what: u8) -> Result<(), Refused> {
        self.log.set(self.log.get().bytes(&[what]));
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(())
    }

    /// Adds a name for which the type asked to the fingerprint.
    pub(crate) fn text(&self, text: &str) {
        self.log.set(self.log.get().text(text));
    }

    /// Adds a length or an index for which the type asked to the fingerprint.
    pub(crate) fn number(&self, number: usize) {
        self.log.set(self.log.get().number(number as u64));
    }

    /// Adds the names of fields or variants for which the type asked, and their number, to the
    /// fingerprint.
    pub(crate) fn names(&self, names: &[&str]) {
        self.number(names.len());
        for name in names {
            self.text(name);
        }
    }

    /// Returns the sample of the list `of` that the position `place` in the type is to get. Once
    /// all samples were rejected, returns the last sample again.
    pub(crate) fn sample<S: Copy>(&self, place: Fnv, of: &[S]) -> Result<S, Refused> {
        self.last.set(Some((place, of.len())));
        let at = self.samples.borrow().get(&place).copied().unwrap_or(0);
        // All samples were given: the last sample again, until a choice avoids this position.
        of.get(at).or(of.last()).copied().ok_or(Refused)
    }

    /// Returns the depth one layer below `depth`, or an error if the trace enters no more layers.
    pub(crate) fn deeper(&self, depth: u8) -> Result<u8, Refused> {
        if depth >= MAX_DEPTH {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(depth + 1)
    }

    /// Records that the type asks which kind of value the bytes contain. Returns the error to give
    /// to the type.
    pub(crate) fn asks_the_bytes(&self) -> Refused {
        self.self_describing.set(true);
        Refused
    }

    /// Returns `true` if the type asked which kind of value the bytes contain, and the codec's
    /// bytes do not say so.
    pub(crate) fn is_self_describing(&self) -> bool {
        self.self_describing.get()
    }

    /// Returns the fingerprint, which is the hash of everything that the trace recorded.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.log.get().finish()
    }

    /// Ends the trace, and returns the shapes in which the structs and enums of the type are read.
    pub(crate) fn into_shapes(self) -> Sealed {
        self.shapes.seal()
    }
}
