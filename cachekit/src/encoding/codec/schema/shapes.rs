//! The shapes of structs and enums: the names and numbers of the fields and variants with which
//! they are read. The shapes are compared with the fields and variants that are written.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The name of a struct and an empty text, or the name of an enum and the name of its variant.
type Named = (&'static str, &'static str);

/// The fields that `Deserialize` asks for when it reads a struct or a variant of an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    /// The names of the fields that `Deserialize` reads, including aliases; empty for a tuple.
    names: &'static [&'static str],
    /// The number of fields that `Deserialize` reads. `None` if the number is unknown, because a
    /// field of the struct or variant accepted no sample value.
    len: Option<usize>,
}

impl Fields {
    /// Returns `true` if `Deserialize` reads exactly the fields `written`, which `Serialize` wrote.
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

/// The structs and enums that a type contains, each with the fields or variants that its
/// `Deserialize` reads. Structs and enums are listed by the names that they give to serde.
///
/// Several types may have one name: two modules may each have a `User`, and a generic type may have
/// several numbers of fields.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    fields: RefCell<BTreeMap<Named, Vec<Fields>>>,
    variants: RefCell<BTreeMap<&'static str, Vec<&'static [&'static str]>>>,
    /// The names of enums with the serde attributes `tag` and `content`. A value of such an enum is
    /// written as a struct, whose field for the content is left out by variants without a content.
    tagged: RefCell<BTreeSet<&'static str>>,
}

impl Shapes {
    /// Adds a struct, or a variant of an enum, whose `Deserialize` reads fields with the names
    /// `names`. The number of fields that are read is `len`; `None` while this number is unknown.
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

    /// Adds the enum `name`, whose `Deserialize` reads the variants `variants`.
    pub(crate) fn add_variants(&self, name: &'static str, variants: &'static [&'static str]) {
        let mut known = self.variants.borrow_mut();
        let known = known.entry(name).or_default();
        if !known.contains(&variants) {
            known.push(variants);
        }
    }

    /// Records that `name`, which is read like a struct, is an enum with the serde attribute `tag`:
    /// one of its fields contains the name of the variant.
    pub(crate) fn add_tagged(&self, name: &'static str) {
        self.tagged.borrow_mut().insert(name);
    }

    /// Returns the fields and variants of all structs and enums that were found in a type. Nothing
    /// can be added to the returned value.
    pub(crate) fn seal(self) -> Sealed {
        Sealed {
            fields: self.fields.into_inner(),
            variants: self.variants.into_inner(),
            tagged: self.tagged.into_inner(),
        }
    }
}

/// The fields and variants of all structs and enums that were found in a type, as `Deserialize`
/// reads them. Nothing can be added any more.
#[derive(Debug)]
pub(crate) struct Sealed {
    fields: BTreeMap<Named, Vec<Fields>>,
    variants: BTreeMap<&'static str, Vec<&'static [&'static str]>>,
    tagged: BTreeSet<&'static str>,
}

impl Sealed {
    fn fields<'a>(&'a self, name: &'a str, variant: &'a str) -> &'a [Fields] {
        // If no type of this name is read (a type that serde converts by `into`), there is no list
        // of fields to compare with.
        self.fields
            .get(&(name, variant))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Returns `true` if `Deserialize` reads the struct or variant with other fields than
    /// `written`, the fields that `Serialize` wrote. Returns `false` if no struct or enum with this
    /// name is known. If the codec writes names (`by_name`), returns `false` also for an enum with
    /// the serde attribute `tag`.
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

    /// Returns `true` if `Serialize` writes a struct or variant with `len` parts, and `Deserialize`
    /// reads another number of parts. Returns `false` if no struct or enum with this name is known,
    /// or if the number of parts that are read is unknown.
    pub(crate) fn contradicts_length(&self, name: &'static str, variant: &str, len: usize) -> bool {
        let known = self.fields(name, variant);
        !known.is_empty() && known.iter().all(|it| it.len.is_some_and(|it| it != len))
    }

    /// Returns `true` if `Deserialize` reads the field `field` of the struct `name`, or of the
    /// variant `variant` of the enum `name`. Returns `true` also if no struct or enum with this
    /// name is known.
    pub(crate) fn has_field(&self, name: &'static str, variant: &str, field: &'static str) -> bool {
        let known = self.fields(name, variant);
        known.is_empty() || known.iter().any(|it| it.names.contains(&field))
    }

    /// Returns `true` if `Deserialize` reads an enum `name`, but no enum of this name with the
    /// variant `variant`.
    pub(crate) fn lacks_variant(&self, name: &str, variant: &'static str) -> bool {
        let known = self.variants.get(name);
        known.is_some_and(|known| known.iter().all(|list| !list.contains(&variant)))
    }

    /// Returns `true` if the variant `variant` of the enum `name`, which is written as the number
    /// `index`, would be read as another variant, because `Deserialize` numbers the variants
    /// differently.
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
