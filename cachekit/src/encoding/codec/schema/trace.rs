//! Everything that was seen of a type, over all passes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::choices::Choices;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::shapes::{Sealed, Shapes};

/// The most requests that a type may make, over all passes. Parts of a larger type that come later are
/// not in its fingerprint.
const MAX_STEPS: u32 = 200_000;

/// The most layers that samples may have.
const MAX_DEPTH: u8 = 192;

/// The depth from which on every choice takes its way out.
pub(crate) const SHALLOW_FROM: u8 = 96;

/// Everything that was seen of a type.
pub(crate) struct Trace {
    /// `true` for codecs that have names in the bytes, and say what these are.
    pub(crate) has_names: bool,
    log: Cell<Fnv>,
    steps: Cell<u32>,
    pub(crate) spent: Cell<bool>,
    pub(crate) self_describing: Cell<bool>,
    /// The index of the sample to give at a place, if it is not the first.
    pub(crate) samples: RefCell<BTreeMap<Fnv, usize>>,
    /// The place of the last sample given, and the number of samples for it.
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
    /// Notes a request.
    pub(crate) fn step(&self, what: u8) -> Result<(), Refused> {
        self.log.set(self.log.get().bytes(&[what]));
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MAX_STEPS {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(())
    }

    /// Notes a name.
    pub(crate) fn text(&self, text: &str) {
        self.log.set(self.log.get().text(text));
    }

    /// Notes a number.
    pub(crate) fn number(&self, number: usize) {
        self.log.set(self.log.get().number(number as u64));
    }

    /// Notes names of fields or variants.
    pub(crate) fn names(&self, names: &[&str]) {
        self.number(names.len());
        for name in names {
            self.text(name);
        }
    }

    /// Returns the sample to give at `place`.
    pub(crate) fn sample<S: Copy>(&self, place: Fnv, of: &[S]) -> Result<S, Refused> {
        self.last.set(Some((place, of.len())));
        let at = self.samples.borrow().get(&place).copied().unwrap_or(0);
        // Used up: the last one again, until a choice avoids the place.
        of.get(at).or(of.last()).copied().ok_or(Refused)
    }

    /// Returns the depth one layer below `depth`.
    pub(crate) fn deeper(&self, depth: u8) -> Result<u8, Refused> {
        if depth >= MAX_DEPTH {
            self.spent.set(true);
            return Err(Refused);
        }
        Ok(depth + 1)
    }

    /// Notes that the type asks the bytes what they are.
    pub(crate) fn asks_the_bytes(&self) -> Refused {
        self.self_describing.set(true);
        Refused
    }

    /// Returns `true` if the type asked the bytes what they are.
    pub(crate) fn is_self_describing(&self) -> bool {
        self.self_describing.get()
    }

    /// Returns the hash of everything noted.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.log.get().finish()
    }

    /// Returns the shapes in which structs and enums of the type are read.
    pub(crate) fn into_shapes(self) -> Sealed {
        self.shapes.seal()
    }
}
