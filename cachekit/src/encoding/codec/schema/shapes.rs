//! The shapes in which structs and enums are read, for a comparison with the shapes in which they
//! are written.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The name of a struct with an empty text, or the name of an enum with the name of a variant.
type Named = (&'static str, &'static str);

/// The fields with which a struct or variant is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    /// The names of the fields, including aliases; empty for a tuple.
    names: &'static [&'static str],
    /// The number of fields that are read; `None` if the number is unknown, because a field
    /// accepted no sample.
    len: Option<usize>,
}

impl Fields {
    /// Returns `true` if a value that is written with the fields `written` is read with exactly
    /// these fields.
    fn are(&self, written: &[&'static str]) -> bool {
        let is_read = |name| self.names.contains(name);
        let is_written = |name| written.contains(name);
        written.iter().all(is_read)
            && match self.len {
                Some(len) => len == written.len(),
                None => self.names.iter().all(is_written),
            }
    }
}

/// The shapes of the structs and enums that a trace met, by the names that these types give
/// themselves.
///
/// A name may stand for several types: two modules may each have a `User`, and a generic type may
/// have several sizes.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    fields: RefCell<BTreeMap<Named, Vec<Fields>>>,
    variants: RefCell<BTreeMap<&'static str, Vec<&'static [&'static str]>>>,
    /// The names of enums with `tag` and `content`. A value of such an enum is written as a struct,
    /// and not every variant has a content.
    tagged: RefCell<BTreeSet<&'static str>>,
}

impl Shapes {
    /// Adds a struct, or a variant of an enum, that is read with the fields `names`. `len` is the
    /// number of fields that are read, or `None` while this number is unknown.
    pub(crate) fn add_fields(
        &self,
        name: &'static str,
        variant: &'static str,
        names: &'static [&'static str],
        len: Option<usize>,
    ) {
        let mut fields = self.fields.borrow_mut();
        let known = fields.entry((name, variant)).or_default();
        let mut same = known.iter_mut().filter(|it| it.names == names);
        match same.find(|it| it.len.is_none() || len.is_none() || it.len == len) {
            Some(same) => same.len = same.len.or(len),
            None => known.push(Fields { names, len }),
        }
    }

    /// Adds an enum called `name` that is read with the variants `variants`.
    pub(crate) fn add_variants(&self, name: &'static str, variants: &'static [&'static str]) {
        let mut known = self.variants.borrow_mut();
        let known = known.entry(name).or_default();
        if !known.contains(&variants) {
            known.push(variants);
        }
    }

    /// Records that the struct called `name` is in fact an enum, whose variant is named by one of
    /// the struct's fields.
    pub(crate) fn add_tagged(&self, name: &'static str) {
        self.tagged.borrow_mut().insert(name);
    }

    /// Returns the shapes after the trace. No shape can be added to them any more.
    pub(crate) fn seal(self) -> Sealed {
        Sealed {
            fields: self.fields.into_inner(),
            variants: self.variants.into_inner(),
            tagged: self.tagged.into_inner(),
        }
    }
}

/// The shapes of the structs and enums in a type whose trace has ended.
#[derive(Debug)]
pub(crate) struct Sealed {
    fields: BTreeMap<Named, Vec<Fields>>,
    variants: BTreeMap<&'static str, Vec<&'static [&'static str]>>,
    tagged: BTreeSet<&'static str>,
}

impl Sealed {
    fn fields<'a>(&'a self, name: &'a str, variant: &'a str) -> &'a [Fields] {
        // If no type of this name is read (a type converts itself by `into`), nothing can be
        // compared.
        self.fields
            .get(&(name, variant))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Returns `true` if a struct or variant that is written with the fields `written` is read with
    /// other fields. `by_name` is `true` for a codec that writes names: an enum with a `tag` is
    /// then not compared. Returns `false` if no type of this name is read.
    pub(crate) fn contradicts_fields(
        &self,
        name: &'static str,
        variant: &str,
        written: &[&'static str],
        by_name: bool,
    ) -> bool {
        let known = self.fields(name, variant);
        let is_tagged = by_name && self.tagged.contains(name);
        !known.is_empty() && !is_tagged && !known.iter().any(|it| it.are(written))
    }

    /// Returns `true` if a struct or variant that is written with `len` parts is read with another
    /// number of parts. Returns `false` if no type of this name is read, or if the number is
    /// unknown.
    pub(crate) fn contradicts_length(&self, name: &'static str, variant: &str, len: usize) -> bool {
        let known = self.fields(name, variant);
        !known.is_empty() && known.iter().all(|it| it.len.is_some_and(|it| it != len))
    }

    /// Returns `true` if a struct or variant of this name is read with the field `field`, or if no
    /// type of this name is read.
    pub(crate) fn has_field(&self, name: &'static str, variant: &str, field: &'static str) -> bool {
        let known = self.fields(name, variant);
        known.is_empty() || known.iter().any(|it| it.names.contains(&field))
    }

    /// Returns `true` if enums called `name` are read, and none of them has the variant `variant`.
    pub(crate) fn lacks_variant(&self, name: &str, variant: &'static str) -> bool {
        let known = self.variants.get(name);
        known.is_some_and(|known| known.iter().all(|list| !list.contains(&variant)))
    }

    /// Returns `true` if the variant `variant` of the enum `name`, written with the number `index`,
    /// is read as another variant, which has this number.
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
