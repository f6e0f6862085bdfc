//! Choices of a schema trace, which deserializes a type from sample values. A choice is an option
//! (`None` or `Some`), a sequence or map (no element or one), or an enum (a variant).
//!
//! A recursive type that has finite values contains itself inside of a choice. If a trace meets a
//! choice again inside of the same choice, the trace ends the recursion by `None`, by no element,
//! or by a variant that does not contain the enum. So the trace sees all of the type, and every
//! pass ends.

use std::collections::{BTreeMap, BTreeSet};

/// The identity of a choice (an option, sequence, map or enum) in a schema trace (a trial
/// deserialization). The first text is the type name of the visitor, which differs between
/// `Option<User>` and `Option<Role>`. The second text is the name of an enum; empty for other
/// choices. The identity is never part of a fingerprint, because another version of the compiler
/// may write the type name differently.
pub(crate) type Kind = (&'static str, &'static str);

/// The options, sequences, maps and enums that a schema trace (a trial deserialization) has met in
/// all passes so far, with the variants that the traced type accepted.
#[derive(Default)]
pub(crate) struct Choices {
    /// The choices (options, sequences, maps and enums) that the schema trace (a trial
    /// deserialization) has entered and not left yet. Each has the index of its variant. The
    /// innermost choice is last.
    followed: Vec<(Kind, u32)>,
    /// Options, sequences and maps whose content rejected all sample values. A schema trace (a
    /// trial deserialization) gives each of them as `None` or empty from now on.
    barren: BTreeSet<Kind>,
    enums: BTreeMap<Kind, Variants>,
    /// `true` if another pass of the schema trace (a trial deserialization) is necessary, because
    /// the current pass left an enum of which the trace has not seen all variants.
    pending: bool,
}

/// The results of a schema trace (a trial deserialization) for the variants of one enum.
struct Variants {
    seen: Vec<bool>,
    barred: Vec<bool>,
    /// The first variant of the enum whose content the schema trace (a trial deserialization)
    /// completed. The trace takes this variant to end the recursion of an enum that contains
    /// itself, because the content of the variant needs no value of the enum. `None` until a
    /// variant is complete.
    way_out: Option<u32>,
}

/// The state of [`Choices`] when a schema trace (a trial deserialization) entered an option,
/// sequence, map or enum. The state is restored when the trace leaves this option, sequence, map or
/// enum.
pub(crate) struct Mark {
    depth: usize,
    pending: bool,
    again: bool,
}

impl Choices {
    /// Begins a pass of the schema trace (a trial deserialization): no option, sequence, map or
    /// enum is entered yet.
    pub(crate) fn restart(&mut self) {
        self.followed.clear();
        self.pending = false;
    }

    /// Returns `true` if another pass of the schema trace (a trial deserialization) is necessary,
    /// because the current pass left an enum of which the trace has not seen all variants.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    fn is_followed(&self, kind: Kind) -> bool {
        self.followed.iter().any(|(followed, _)| *followed == kind)
    }

    /// Returns `true` if the schema trace (a trial deserialization) shall give an element, or a
    /// `Some`, at the option, sequence or map `kind`. Returns `false` inside of the same option,
    /// sequence or map, and if its content has rejected all sample values.
    pub(crate) fn shall_hold(&self, kind: Kind) -> bool {
        !self.is_followed(kind) && !self.barren.contains(&kind)
    }

    /// Returns the index of the variant that the schema trace (a trial deserialization) gives for
    /// the enum `kind` with `len` variants: if possible, a variant that the trace has not seen yet.
    /// If the trace is already inside of the same enum, or if `shallow`, returns a variant that
    /// ends the recursion. Returns `None` if the type rejected all variants.
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

    /// Records that the schema trace (a trial deserialization) enters the option, sequence, map or
    /// enum `kind`. Returns the state to restore when the trace leaves `kind`.
    pub(crate) fn enter(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = Mark {
            depth: self.followed.len(),
            pending: self.pending,
            again: shallow || self.is_followed(kind),
        };
        self.followed.push((kind, variant));
        mark
    }

    /// Records that the schema trace (a trial deserialization) leaves an option, sequence or map
    /// whose content the traced type accepted.
    pub(crate) fn leave(&mut self, mark: &Mark) {
        self.followed.truncate(mark.depth);
    }

    /// Records that the schema trace (a trial deserialization) enters the variant with the index
    /// `variant` of the enum `kind`. Until the trace leaves the variant, `pending` is only about
    /// the enums in the content of the variant.
    pub(crate) fn enter_variant(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = self.enter(kind, variant, shallow);
        self.pending = false;
        mark
    }

    /// Records that the schema trace (a trial deserialization) leaves a variant of the enum `kind`,
    /// after the traced type accepted the content of the variant.
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

    /// Excludes the variant or content of the innermost choice (option, sequence, map or enum) in
    /// which the traced type accepted no sample value. Returns `false` if the schema trace (a trial
    /// deserialization) was not inside of a choice.
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
