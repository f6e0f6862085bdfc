//! Marks of open writes.
//!
//! Before an annotated function may change the data source, its process leaves a mark in the store:
//! the names that the write will invalidate. The mark is removed when the names were invalidated.
//! If the process dies before that, another process finds the mark and invalidates the names in its
//! place.
//!
//! The data source may carry out a commit long after the death of the process that sent the commit.
//! Therefore a mark that was left behind is carried out in several *rounds*, and is removed with
//! the last one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{Place, blob};
use crate::store::key_name::StoreKey;
use crate::store::message::{NodeId, read_names, take, write_names};

/// The number of the last round of a mark. After that round was carried out, the mark is removed.
pub(crate) const LAST_ROUND: u8 = 17;

/// The pause between the first rounds of a mark.
pub(crate) const BEAT: Duration = Duration::from_millis(250);

/// The number of the quick rounds: the first rounds of a mark, with a pause of [`BEAT`] between two
/// rounds.
const QUICK_ROUNDS: u8 = 12;

/// Returns the pause after the round `round` of a mark, before its next round. The first 12 rounds
/// follow one another every 250 milliseconds. Later rounds are 4, 8, 16, 32 and 64 seconds after
/// the first. If no process carries the last round out, the mark is due again 64 seconds later.
pub(crate) fn pause_after(round: u8) -> Duration {
    match round {
        0..QUICK_ROUNDS => BEAT,
        // The last of the quick rounds is 2.75 seconds after the first.
        QUICK_ROUNDS => Duration::from_millis(1_250),
        _ => Duration::from_secs(4 << (round - QUICK_ROUNDS - 1)),
    }
}

/// The number of bytes before the names of a mark: the node, and the number of the write.
const WRITE: usize = 16 + 8;

/// The mark of one open write: the node that writes, the number of the write on that node, and the
/// names that the write invalidates. Two writes never have an equal mark.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct WriteMark(Arc<[u8]>);

impl WriteMark {
    /// Makes the mark of the write with this `number` on `node`. The names are encrypted if there is
    /// a `sealer`. Returns `None` if the system gives no random numbers for that.
    pub(crate) fn new(
        node: NodeId,
        number: u64,
        names: &[StoreKey],
        sealer: Option<&Sealer>,
    ) -> Option<Self> {
        let mut bytes = node.0.to_vec();
        bytes.extend(number.to_le_bytes());
        let mut tail = Vec::new();
        write_names(&mut tail, names);
        if let Some(sealer) = sealer {
            tail = blob::seal(sealer, place(&[&bytes]), &tail)?;
        }
        bytes.extend(tail);
        Some(Self(bytes.into()))
    }

    /// Wraps the bytes of a mark as the store has them.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the node that writes, with the names that its write invalidates. Returns `None` if
    /// the bytes have another form.
    ///
    /// Names that are encrypted and that `sealer` cannot open stand for everything, because the mark
    /// may name anything.
    pub(crate) fn parts(&self, sealer: Option<&Sealer>) -> Option<(NodeId, Vec<StoreKey>)> {
        let (write, mut names) = self.0.split_at_checked(WRITE)?;
        let node = NodeId(take(&mut { write })?);
        if !blob::is_sealed(names) {
            return Some((node, read_names(&mut names)?));
        }
        let opened = sealer.and_then(|it| blob::open(it, place(&[write]), names));
        let names = match opened {
            Some(names) => read_names(&mut &*names)?,
            None => vec![StoreKey::everything()],
        };
        Some((node, names))
    }
}

impl fmt::Debug for WriteMark {
    /// Omits the names, which contain arguments of calls.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteMark")
            .field("length", &self.0.len())
            .finish()
    }
}

/// Returns the place that the names of the write in `parts` (node and number) are encrypted for.
fn place<'a>(parts: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        kind: "mark",
        parts,
    }
}

/// A mark that was left behind, in the round that is due now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueMark {
    /// The number of the round, from 1 to [`LAST_ROUND`].
    pub(crate) round: u8,
    pub(crate) mark: WriteMark,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_round_is_64_seconds_after_the_first() {
        let mut at = Duration::ZERO;
        let mut late = vec![];
        for round in 1..LAST_ROUND {
            at += pause_after(round);
            if round < QUICK_ROUNDS {
                assert_eq!(at, BEAT * u32::from(round));
            } else {
                late.push(at.as_secs_f32());
            }
        }
        assert_eq!(late, [4.0, 8.0, 16.0, 32.0, 64.0]);
        assert_eq!(pause_after(LAST_ROUND), Duration::from_secs(64));
    }

    #[test]
    fn what_was_written_is_read_and_nothing_shorter() {
        let names = ["k:user:1", "", "t:org:7"].map(|it| StoreKey::read(it.as_bytes()));
        let mark = WriteMark::new(NodeId([7; 16]), 9, &names, None).expect("a mark");
        assert_eq!(mark.parts(None), Some((NodeId([7; 16]), names.to_vec())));
        for length in 0..mark.as_bytes().len() {
            let cut = WriteMark::of(&mark.as_bytes()[..length]);
            assert_ne!(cut.parts(None), mark.parts(None));
        }
        assert_eq!(WriteMark::of(b"strange").parts(None), None);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = WriteMark::of(&bytes).parts(None);
        }
    }

    /// Processes with older and newer versions of this crate read these bytes.
    #[test]
    fn the_form_is_pinned() {
        let mark =
            WriteMark::new(NodeId([1; 16]), 2, &[StoreKey::read(b"k:a")], None).expect("a mark");
        let pinned = [
            &[1; 16][..],
            &[2, 0, 0, 0, 0, 0, 0, 0],
            &[3, 0, 0, 0],
            b"k:a",
        ];
        assert_eq!(mark.as_bytes(), pinned.concat());
        assert!(!format!("{mark:?}").contains("k:a"), "names stay private");
    }
}
