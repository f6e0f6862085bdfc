//! Choices of a schema trace, which deserializes a type from sample values. A choice is an option
//! (`None` or `Some`), a sequence or map (no element or one), or an enum (a variant).
//!
//! A recursive type that has finite values contains itself inside of a choice. If a trace meets a
//! choice again inside of the same choice, the trace ends the recursion by `None`, by no element,
//! or by a variant that does not contain the enum. So the trace sees all of the type, and every
//! pass ends.

use std::collections::{BTreeMap, BTreeSet};

/// The identity of an option, sequence, map or enum inside a type that is deserialized from sample
/// values. The first text is the type name of serde's visitor, which differs between `Option<User>`
/// and `Option<Role>`. The second text is the name of an enum, and empty for the others. The
/// identity is never part of a fingerprint, because another version of the compiler may write the
/// type name differently.
pub(crate) type Kind = (&'static str, &'static str);

/// The options, sequences, maps and enums inside a type that is deserialized from sample values,
/// with the variants and contents that the type has accepted or rejected.
#[derive(Default)]
pub(crate) struct Choices {
    /// The options, sequences, maps and enums around the sample value that a type gets next, each
    /// with the index of its variant. The innermost one is last.
    followed: Vec<(Kind, u32)>,
    /// Options, sequences and maps inside a type whose content rejected all sample values. From
    /// then on, each of them is given as `None` or empty.
    barren: BTreeSet<Kind>,
    enums: BTreeMap<Kind, Variants>,
    /// `true` if the type must be deserialized from sample values once more, because an enum inside
    /// the type has variants that were not given yet.
    pending: bool,
}

/// The variants of one enum inside a type that is deserialized from sample values: those that the
/// type has accepted, and those whose content rejected all sample values.
struct Variants {
    seen: Vec<bool>,
    barred: Vec<bool>,
    /// The first variant of the enum that was accepted with a sample value as its content. This
    /// variant ends the recursion of an enum that contains itself, because the content of this
    /// variant needs no further value of the enum. `None` until a variant is accepted.
    way_out: Option<u32>,
}

/// The state of [`Choices`] before a type gets a sample value for an option, sequence, map or enum
/// inside it. The state is restored when that sample value is complete.
pub(crate) struct Mark {
    depth: usize,
    pending: bool,
    again: bool,
}

impl Choices {
    /// Begins another deserialization of the type from sample values: no option, sequence, map or
    /// enum inside the type is entered yet.
    pub(crate) fn restart(&mut self) {
        self.followed.clear();
        self.pending = false;
    }

    /// Returns `true` if the type must be deserialized from sample values once more, because an
    /// enum inside the type has variants that were not given yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    fn is_followed(&self, kind: Kind) -> bool {
        self.followed.iter().any(|(followed, _)| *followed == kind)
    }

    /// Returns `true` if the option, sequence or map `kind` shall get a sample value with a
    /// content: a `Some`, or an element. Returns `false` inside of the same option, sequence or
    /// map, which ends a recursion, and if the content has rejected all sample values.
    pub(crate) fn shall_hold(&self, kind: Kind) -> bool {
        !self.is_followed(kind) && !self.barren.contains(&kind)
    }

    /// Returns the index of the variant that a type gets as the sample value of the enum `kind`,
    /// which has `len` variants. A variant that was not given yet comes first. Inside of the same
    /// enum, or if `shallow`, returns a variant that ends the recursion. Returns `None` if the type
    /// rejected all variants.
    pub(crate) fn variant(&mut self, kind: Kind, len: usize, shallow: bool) -> Option<u32> {
        let again = shallow || self.is_followed(kind);
        let variants = self.enums.entry(kind).or_insert_with(|| Variants {
            seen: vec![false; len],
            barred: vec![false; len],
            way_out: None,
        });
        let open = |index: &u32| !variants.barred[*index as usize];
        let mut all = 0..u32::try_from(variants.seen.len()).unwrap_or(u32::MAX);
        if again {
            let followed = |index: &u32| self.followed.contains(&(kind, *index));
            return variants
                .way_out
                .or_else(|| all.find(|index| open(index) && !followed(index)));
        }
        let fresh = all
            .clone()
            .find(|index| open(index) && !variants.seen[*index as usize]);
        fresh.or(variants.way_out).or_else(|| all.find(open))
    }

    /// Records that a type begins to read a sample value of the option, sequence, map or enum
    /// `kind`. Returns the state to restore when that sample value is complete.
    pub(crate) fn enter(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = Mark {
            depth: self.followed.len(),
            pending: self.pending,
            again: shallow || self.is_followed(kind),
        };
        self.followed.push((kind, variant));
        mark
    }

    /// Records that a type has accepted a sample value of an option, sequence or map.
    pub(crate) fn leave(&mut self, mark: &Mark) {
        self.followed.truncate(mark.depth);
    }

    /// Records that a type begins to read a sample value of the enum `kind`, with the variant
    /// number `variant`. Until that sample value is complete, `pending` is only about the enums in
    /// the content of the variant.
    pub(crate) fn enter_variant(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = self.enter(kind, variant, shallow);
        self.pending = false;
        mark
    }

    /// Records that a type has accepted a sample value of the enum `kind`, with the variant number
    /// `variant`.
    pub(crate) fn leave_variant(&mut self, kind: Kind, variant: u32, mark: &Mark) {
        self.followed.truncate(mark.depth);
        let inside = std::mem::replace(&mut self.pending, mark.pending);
        let Some(variants) = self.enums.get_mut(&kind) else {
            return;
        };
        variants.way_out.get_or_insert(variant);
        // Inside of itself, the enum was traced in part only. The outer value of the enum traces
        // the variant in full.
        if mark.again {
            return;
        }
        variants.seen[variant as usize] = !inside;
        let done = |(seen, barred): (&bool, &bool)| *seen || *barred;
        self.pending |= !variants.seen.iter().zip(&variants.barred).all(done);
    }

    /// Excludes the content of the innermost option, sequence, map or enum, because the type that
    /// contains it rejected all sample values. From then on, an option, sequence or map is given as
    /// empty, and an enum with another variant. Returns `false` if no option, sequence, map or enum
    /// was entered.
    pub(crate) fn bar_innermost(&mut self) -> bool {
        let Some((kind, variant)) = self.followed.pop() else {
            return false;
        };
        match self.enums.get_mut(&kind) {
            Some(variants) => {
                variants.barred[variant as usize] = true;
                if variants.way_out == Some(variant) {
                    variants.way_out = None;
                }
            }
            None => {
                self.barren.insert(kind);
            }
        }
        true
    }
}
