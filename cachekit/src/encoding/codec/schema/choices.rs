//! Choices of a trace: at an option, `None` or `Some`; at a sequence or map, no element or one; at
//! an enum, a variant.
//!
//! A type that contains itself, and has values, does so inside of a choice. If a trace meets a
//! choice again while it follows this choice, the trace takes the choice's *way out*: `None`, no
//! element, or a variant whose content ends. So the trace sees everything, and every pass ends.

use std::collections::{BTreeMap, BTreeSet};

/// The identity of a choice: the name of the visitor's type, which tells `Option<User>` from
/// `Option<Role>`, and for an enum its own name. The identity is never part of the fingerprint,
/// because another version of the compiler may write the type's name differently.
pub(crate) type Kind = (&'static str, &'static str);

/// The choices that a trace made in all passes so far, and their results.
#[derive(Default)]
pub(crate) struct Choices {
    /// The choices inside of which the trace is now, each with its variant, the innermost last.
    followed: Vec<(Kind, u32)>,
    /// Options, sequences and maps whose content rejected all samples. The trace leaves them empty
    /// from then on.
    barren: BTreeSet<Kind>,
    enums: BTreeMap<Kind, Variants>,
    /// `true` if the current pass left an enum of which the trace has not seen all variants, so
    /// that another pass is necessary.
    pending: bool,
}

/// The results of a trace for the variants of one enum.
struct Variants {
    seen: Vec<bool>,
    barred: Vec<bool>,
    /// The variant that the trace completed before all others; `None` until one is complete. The
    /// content of this variant does not need the enum itself, so a trace that takes it always ends.
    way_out: Option<u32>,
}

/// The state of the choices when the trace entered a choice, to restore when the trace leaves the
/// choice.
pub(crate) struct Mark {
    depth: usize,
    pending: bool,
    again: bool,
}

impl Choices {
    /// Begins a pass, in which no choice was entered yet.
    pub(crate) fn restart(&mut self) {
        self.followed.clear();
        self.pending = false;
    }

    /// Returns `true` if the current pass left an enum of which the trace has not seen all
    /// variants, so that another pass is necessary.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending
    }

    fn is_followed(&self, kind: Kind) -> bool {
        self.followed.iter().any(|(followed, _)| *followed == kind)
    }

    /// Returns `true` if the trace shall give a content to the option, sequence or map `kind`: the
    /// trace is not inside of the same choice, and the content has not rejected all samples.
    pub(crate) fn shall_hold(&self, kind: Kind) -> bool {
        !self.is_followed(kind) && !self.barren.contains(&kind)
    }

    /// Returns the index of the variant that the trace shall show of the enum `kind`, which has
    /// `len` variants: if possible, one not seen before. Returns the way out if the trace is inside
    /// of the same enum, or if `shallow`. Returns `None` if no variant is left.
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

    /// Records that the trace enters a choice. Returns the state to restore when the trace leaves
    /// the choice.
    pub(crate) fn enter(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = Mark {
            depth: self.followed.len(),
            pending: self.pending,
            again: shallow || self.is_followed(kind),
        };
        self.followed.push((kind, variant));
        mark
    }

    /// Records that the trace leaves an option, sequence or map after the type accepted its
    /// content.
    pub(crate) fn leave(&mut self, mark: &Mark) {
        self.followed.truncate(mark.depth);
    }

    /// Records that the trace enters a variant of an enum. Until the trace leaves the variant,
    /// `pending` is about the variant's content only.
    pub(crate) fn enter_variant(&mut self, kind: Kind, variant: u32, shallow: bool) -> Mark {
        let mark = self.enter(kind, variant, shallow);
        self.pending = false;
        mark
    }

    /// Records that the trace leaves a variant of an enum after the type accepted the variant's
    /// content.
    pub(crate) fn leave_variant(&mut self, kind: Kind, variant: u32, mark: &Mark) {
        self.followed.truncate(mark.depth);
        let inside = std::mem::replace(&mut self.pending, mark.pending);
        let Some(variants) = self.enums.get_mut(&kind) else {
            return;
        };
        variants.way_out.get_or_insert(variant);
        // Inside of itself, the enum was cut short. The trace of the outer enum comes here again.
        if mark.again {
            return;
        }
        variants.seen[variant as usize] = !inside;
        let done = |(seen, barred): (&bool, &bool)| *seen || *barred;
        self.pending |= !variants.seen.iter().zip(&variants.barred).all(done);
    }

    /// Excludes the innermost choice inside of which the trace was when the type accepted no
    /// sample. Returns `false` if the trace was not inside of a choice.
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
