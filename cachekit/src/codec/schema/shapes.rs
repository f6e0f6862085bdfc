//! How structs and enums are read, to compare with how they are written.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// The structs and enums that were met, by the names that they give themselves.
///
/// A name may stand for several: two modules have a `User`, and a generic one has many sizes.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// Numbers of fields, by the name, and the variant's name or nothing.
    fields: RefCell<BTreeMap<(&'static str, &'static str), Vec<usize>>>,
    variants: RefCell<BTreeMap<&'static str, Vec<&'static [&'static str]>>>,
}

impl Shapes {
    /// Something of this name is read with so many fields.
    pub(super) fn add_fields(&self, name: &'static str, variant: &'static str, len: usize) {
        let mut fields = self.fields.borrow_mut();
        let known = fields.entry((name, variant)).or_default();
        if !known.contains(&len) {
            known.push(len);
        }
    }

    /// An enum of this name is read with these variants.
    pub(super) fn add_variants(&self, name: &'static str, variants: &'static [&'static str]) {
        let mut known = self.variants.borrow_mut();
        let known = known.entry(name).or_default();
        if !known.contains(&variants) {
            known.push(variants);
        }
    }

    /// Nothing can be added any more.
    pub(super) fn seal(self) -> Sealed {
        Sealed {
            fields: self.fields.into_inner(),
            variants: self.variants.into_inner(),
        }
    }
}

/// The shapes of a type whose trace is over.
#[derive(Debug)]
pub(crate) struct Sealed {
    fields: BTreeMap<(&'static str, &'static str), Vec<usize>>,
    variants: BTreeMap<&'static str, Vec<&'static [&'static str]>>,
}

impl Sealed {
    /// Whether what is written under this name with `len` fields is read with another number.
    /// A name that is not read at all (`into` another type) says nothing.
    pub(crate) fn contradicts_fields(&self, name: &str, variant: &str, len: usize) -> bool {
        let known = self.fields.get(&(name, variant));
        known.is_some_and(|lens| !lens.contains(&len))
    }

    /// Whether the variant that is written with this number is read as another one.
    pub(crate) fn contradicts_variant(&self, name: &str, index: u32, variant: &str) -> bool {
        let Some(known) = self.variants.get(name) else {
            return false;
        };
        let mut named = known
            .iter()
            .filter(|list| list.contains(&variant))
            .peekable();
        let index = index as usize;
        named.peek().is_some() && named.all(|list| list.get(index).copied() != Some(variant))
    }
}
