//! Answers of a trace to a choice: `None` or `Some`, no element or one, which variant.
//!
//! Every recursion of a type that has values goes through a choice. A choice that is met inside
//! itself takes its way out, so that everything is seen and every pass ends.

use std::collections::{BTreeMap, BTreeSet};

/// A kind of place: the name of the visitor's type, which tells `Option<User>` from
/// `Option<Role>`, and an enum's own name. It never gets into the hash: the compiler may
/// write it differently tomorrow.
pub(crate) type Kind = (&'static str, &'static str);

/// The choices that were made, and their results.
#[derive(Default)]
pub(crate) struct Choices {
    /// Choices that are being followed, the innermost last.
    followed: Vec<(Kind, u32)>,
    /// Options, sequences and maps whose content accepts no sample.
    barren: BTreeSet<Kind>,
    enums: BTreeMap<Kind, Variants>,
    /// `true` if the pass left an enum that has more to show.
    pending: bool,
}

/// The findings about an enum's variants.
struct Variants {
    seen: Vec<bool>,
    barred: Vec<bool>,
    /// The variant that was left first: it needs only what was finished before it, so it
    /// ends wherever it is chosen.
    way_out: Option<u32>,
}

/// The state to restore when a choice is left.
pub(crate) struct Mark {
    depth: usize,
    pending: bool,
    again: bool,
}

impl Choices {
    /// Begins a pass.
    pub(crate) fn restart(&mut self) {
        self.followed.clear();
        self.pending = false;
    }

    /// Returns `true` if the pass left an enum that has more to show.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    fn is_followed(&self, kind: Kind) -> bool {
        self.followed.iter().any(|(followed, _)| *followed == kind)
    }

    /// Returns `true` if an option, sequence or map shall hold something.
    pub(crate) fn shall_hold(&self, kind: Kind) -> bool {
        !self.is_followed(kind) && !self.barren.contains(&kind)
    }

    /// Returns the variant to show of an enum that has `len`; if `shallow`, only the way out.
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

    /// Follows a choice.
    pub(crate) fn enter(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = Mark {
            depth: self.followed.len(),
            pending: self.pending,
            again: shallow || self.is_followed(kind),
        };
        self.followed.push((kind, variant));
        mark
    }

    /// Leaves an option, sequence or map that was accepted.
    pub(crate) fn leave(&mut self, mark: &Mark) {
        self.followed.truncate(mark.depth);
    }

    /// Enters a variant. Until it is left, `pending` is about its content.
    pub(crate) fn enter_variant(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = self.enter(kind, variant, shallow);
        self.pending = false;
        mark
    }

    /// Leaves a variant that was accepted.
    pub(crate) fn leave_variant(&mut self, kind: Kind, variant: u32, mark: &Mark) {
        self.followed.truncate(mark.depth);
        let inside = std::mem::replace(&mut self.pending, mark.pending);
        let Some(variants) = self.enums.get_mut(&kind) else {
            return;
        };
        variants.way_out.get_or_insert(variant);
        // Inside itself it was cut short; the outer one will come here again.
        if mark.again {
            return;
        }
        variants.seen[variant as usize] = !inside;
        let done = |(seen, barred): (&bool, &bool)| *seen || *barred;
        self.pending |= !variants.seen.iter().zip(&variants.barred).all(done);
    }

    /// Bars the innermost choice that was being followed when no sample was accepted. Returns `false` if
    /// there was none.
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
