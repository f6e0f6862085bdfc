//! The shapes in which structs and enums are read, to compare with those in which they are written.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The name of a struct, or of an enum with that of a variant.
type Named = (&'static str, &'static str);

/// The fields with which a struct or variant is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    /// Their names, with aliases; a tuple has none.
    names: &'static [&'static str],
    /// Their number; `None` if a part accepted no sample.
    len: Option<usize>,
}

impl Fields {
    /// Returns `true` if a value written with these fields is read with all of them, and no more.
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

/// The structs and enums that were met, by the names that they give themselves.
///
/// A name may stand for several: two modules have a `User`, and a generic type has many sizes.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    fields: RefCell<BTreeMap<Named, Vec<Fields>>>,
    variants: RefCell<BTreeMap<&'static str, Vec<&'static [&'static str]>>>,
    /// Enums with `tag` and `content`: only some variants have a content.
    tagged: RefCell<BTreeSet<&'static str>>,
}

impl Shapes {
    /// Adds a struct or variant that is read with these fields. Their number may be seen later, or never.
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

    /// Adds an enum that is read with these variants.
    pub(crate) fn add_variants(&self, name: &'static str, variants: &'static [&'static str]) {
        let mut known = self.variants.borrow_mut();
        let known = known.entry(name).or_default();
        if !known.contains(&variants) {
            known.push(variants);
        }
    }

    /// Notes that the struct of this name is an enum, which names its variant in a field.
    pub(crate) fn add_tagged(&self, name: &'static str) {
        self.tagged.borrow_mut().insert(name);
    }

    /// Ends the trace: nothing can be added any more.
    pub(crate) fn seal(self) -> Sealed {
        Sealed {
            fields: self.fields.into_inner(),
            variants: self.variants.into_inner(),
            tagged: self.tagged.into_inner(),
        }
    }
}

/// The shapes of a type whose trace is over.
#[derive(Debug)]
pub(crate) struct Sealed {
    fields: BTreeMap<Named, Vec<Fields>>,
    variants: BTreeMap<&'static str, Vec<&'static [&'static str]>>,
    tagged: BTreeSet<&'static str>,
}

impl Sealed {
    fn fields<'a>(&'a self, name: &'a str, variant: &'a str) -> &'a [Fields] {
        // A name that is not read at all (`into` another type) says nothing.
        self.fields
            .get(&(name, variant))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Returns `true` if a value written under this name with these fields is read with others.
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

    /// Returns `true` if a value written under this name with `len` parts is read with another number.
    pub(crate) fn contradicts_length(&self, name: &'static str, variant: &str, len: usize) -> bool {
        let known = self.fields(name, variant);
        !known.is_empty() && known.iter().all(|it| it.len.is_some_and(|it| it != len))
    }

    /// Returns `true` if some type read under this name has such a field, or if none is read.
    pub(crate) fn has_field(&self, name: &'static str, variant: &str, field: &'static str) -> bool {
        let known = self.fields(name, variant);
        known.is_empty() || known.iter().any(|it| it.names.contains(&field))
    }

    /// Returns `true` if enums of this name are read, and none has this variant.
    pub(crate) fn lacks_variant(&self, name: &str, variant: &'static str) -> bool {
        let known = self.variants.get(name);
        known.is_some_and(|known| known.iter().all(|list| !list.contains(&variant)))
    }

    /// Returns `true` if the variant written with this number is read as another one.
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
