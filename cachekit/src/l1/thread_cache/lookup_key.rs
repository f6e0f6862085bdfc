//! Keys of look-ups in a thread's table (L0): the arguments of a call as words, and a number for
//! the function.

use crate::key::buf::KeyBuf;
use crate::model::owner_index::OwnerIndex;

/// Number of argument words that fit into a slot. With more words, a copy of them is stored outside
/// the slot.
pub(crate) const SHORT: usize = 3;

/// Word that replaces the first word of a head if the call has more words than fit. No argument
/// word has this value.
pub(crate) const LONG: u64 = u64::MAX;

/// First argument words of a call, padded with zeros. With more words than fit, the first one is
/// [`LONG`].
pub(crate) type Head = [u64; SHORT];

/// Key of one look-up in a thread's table (L0).
pub(crate) struct LookupKey<'a> {
    pub(crate) head: Head,
    /// All argument words of the call. `None`: they fit into `head`.
    pub(crate) long: Option<&'a [u64]>,
    pub(crate) owner_index: OwnerIndex,
    pub(crate) hash: u32,
}

impl<'a> LookupKey<'a> {
    /// Creates the look-up key of a call with the arguments `arg_words` to the function with the
    /// number `owner_index`.
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

/// Hashes a look-up key, to choose its slots. An attacker who finds keys with equal hashes can only
/// fill two sets of slots, so the hash has no secret seed and takes few instructions.
#[inline]
pub(crate) fn hash(head: &Head, long: Option<&[u64]>, owner_index: OwnerIndex) -> u32 {
    // Constants without a pattern: the first digits of pi after the point.
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
    (hash >> 32) as u32
}

/// Multiplies `a` and `b`, and combines the two halves of the product by exclusive or, so that the
/// low bits of the result depend on all bits of the factors.
#[inline]
pub(crate) fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}
