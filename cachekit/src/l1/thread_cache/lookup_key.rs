//! Keys of look-ups in a thread's table (L0): the arguments of a call as 64-bit words, and a number
//! for the function.

use crate::key::buf::KeyBuf;
use crate::model::owner_index::OwnerIndex;

/// Number of words of a call's arguments (64-bit words) that fit into a slot of a thread's table
/// (L0). If a call has more words, a copy of all its words is stored outside of the slot.
pub(crate) const SHORT: usize = 3;

/// 64-bit word that a slot of a thread's table (L0) has in place of the first word of a call's
/// arguments, if the arguments take more words than fit into the slot. No argument is written as a
/// word of this value.
pub(crate) const LONG: u64 = u64::MAX;

/// First words of a call's arguments (words of 64 bits), padded with zeros. If the arguments take
/// more words than fit into a slot of a thread's table (L0), the first word is [`LONG`].
pub(crate) type Head = [u64; SHORT];

/// Key of one look-up in a thread's table (L0): a call's arguments as words of 64 bits, and a
/// number for the function.
pub(crate) struct LookupKey<'a> {
    pub(crate) head: Head,
    /// All argument words of the call (its arguments as words of 64 bits); `None` if the words fit
    /// into `head`.
    pub(crate) long: Option<&'a [u64]>,
    pub(crate) owner_index: OwnerIndex,
    pub(crate) hash: u64,
}

impl<'a> LookupKey<'a> {
    /// Creates the key for a look-up in a thread's table (L0) of a call with the arguments
    /// `arg_words` to the function with the number `owner_index`.
    #[inline]
    pub(crate) fn new(arg_words: &'a KeyBuf, owner_index: OwnerIndex) -> Self {
        let words = arg_words.words();
        let (head, long) = match *words {
            [] => ([0, 0, 0], None),
            [a] => ([a, 0, 0], None),
            [a, b] => ([a, b, 0], None),
            [a, b, c] => ([a, b, c], None),
            [_, b, c, ..] => ([LONG, b, c], Some(words)),
        };
        Self {
            head,
            long,
            owner_index,
            hash: hash(&head, long, owner_index),
        }
    }
}

/// Hashes the key of a look-up in a thread's table (L0), to choose its slots. An attacker who finds
/// keys with equal hashes can only fill two sets of slots, so the hash has no secret seed and takes
/// few instructions.
#[inline]
pub(crate) fn hash(head: &Head, long: Option<&[u64]>, owner_index: OwnerIndex) -> u64 {
    // Constants without a regular pattern: the first digits of pi after the point.
    const SEEDS: [u64; 3] = [
        0x243f_6a88_85a3_08d3,
        0x1319_8a2e_0370_7345,
        0xa409_3822_299f_31d1,
    ];
    let mut hash = folded(head[0] ^ SEEDS[0], head[1] ^ SEEDS[1]);
    hash = folded(hash ^ head[2], SEEDS[2] ^ u64::from(owner_index.0));
    for word in long.unwrap_or_default() {
        hash = folded(hash ^ word, SEEDS[2]);
    }
    hash
}

/// Returns the two halves of the product of `a` and `b`, combined by exclusive or. The low bits of
/// the result depend on all bits of `a` and `b`.
#[inline]
pub(crate) fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}
