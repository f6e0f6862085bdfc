//! The arguments of a call as words of 64 bits, from which the text of the key can be made.
//!
//! Without argument words, a hit in memory would spend most of its time on the text of the key:
//! writing numbers as text, checking each byte of a string for escapes, and copying the template's
//! literals. So a call first writes its arguments as words: a number is one word, a string is its
//! length and its bytes. The words suffice for a look-up in the thread's table. If the call needs
//! the key, [`render`](crate::key::render::render) makes the key from the words. The arguments are
//! not read again, because they may have changed.
//!
//! The words of an item (a number, a text, a bracket) begin with the item's kind, whatever type
//! wrote the item, and the items determine the text of the key. So if two calls of one function
//! have equal words, their keys are equal. Two calls with equal keys may have different words,
//! because a `Display` may write its text in other pieces the next time.
//!
//! The unit is a word and not a byte, because a processor that has stored single bytes has to wait
//! before it can load them together.

#![expect(
    clippy::inline_always,
    reason = "inlined, the argument words of a hit stay in registers: a seventh of its instructions"
)]

use smallvec::SmallVec;

/// Mask of the bits that say of which kind an item (number, text or bracket) of an argument is. The
/// bits are in the low byte of the item's first 64-bit word. No kind is 0.
pub(crate) const KIND: u64 = 0x7F;
/// Flag of the last item (number, text or bracket) in an argument, element or `Some`, in the low
/// byte of the item's first 64-bit word.
pub(crate) const LAST: u64 = 0x80;
/// The number of the bit at which the content of an item (number, text or bracket) begins in the
/// item's first 64-bit word. The low byte below this bit has the item's kind and the flag.
pub(crate) const REST: u32 = 8;

/// Kind of an item without content, which marks the end of an argument, element or `Some`. The item
/// is necessary if the last item before the end cannot have the flag [`LAST`].
pub(crate) const END: u64 = 1;
pub(crate) const TEXT: u64 = 2;
pub(crate) const UNSIGNED: u64 = 3;
/// Kind of a number that is too large for the first 64-bit word of its item, and so is in a second
/// word.
pub(crate) const WIDE_UNSIGNED: u64 = 4;
pub(crate) const SIGNED: u64 = 5;
pub(crate) const WIDE_SIGNED: u64 = 6;
pub(crate) const OPEN: u64 = 7;
pub(crate) const NEXT: u64 = 8;
pub(crate) const CLOSE: u64 = 9;
pub(crate) const ELEMENT: u64 = 10;
pub(crate) const SOME: u64 = 11;
pub(crate) const NONE: u64 = 12;
/// Kind of a text of at most seven bytes, which are in the only 64-bit word of the item. The length
/// of the text is added to the kind.
const SHORT_TEXT: u64 = 0x10;

/// The arguments of a call as words of 64 bits, one argument after the other.
#[derive(Default)]
pub(crate) struct ArgWords {
    words: SmallVec<[u64; 16]>,
    /// The position in the list of 64-bit words at which the item (number, text or bracket) begins
    /// that was written last.
    last: usize,
}

impl ArgWords {
    #[inline(always)]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    #[inline(always)]
    pub(crate) fn text(&mut self, text: &[u8]) {
        let length = text.len() as u64;
        let Some(last) = text.last_chunk() else {
            return self.push_word(short(text) << REST | SHORT_TEXT | length);
        };
        self.push_word(length << REST | TEXT);
        let (words, rest) = text.as_chunks();
        for word in words {
            self.push(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            // The last word has the last eight bytes of the text, without those that the word
            // before contains.
            self.push(u64::from_le_bytes(*last) >> (64 - 8 * rest.len()));
        }
    }

    #[inline(always)]
    pub(crate) fn unsigned(&mut self, number: u64) {
        self.number(number, UNSIGNED);
    }

    #[inline(always)]
    pub(crate) fn signed(&mut self, number: i64) {
        // The sign is moved to the lowest bit, so that small negative numbers fit into the first
        // word.
        let folded = (number << 1) ^ (number >> 63);
        self.number(folded.cast_unsigned(), SIGNED);
    }

    #[inline(always)]
    fn number(&mut self, number: u64, kind: u64) {
        if number >> (64 - REST) == 0 {
            self.push_word(number << REST | kind);
        } else {
            self.push_word(kind + 1);
            self.push(number);
        }
    }

    /// Appends `word`, the first 64-bit word of an item (number, text or bracket) in an argument.
    #[inline(always)]
    pub(crate) fn push_word(&mut self, word: u64) {
        self.last = self.words.len();
        self.push(word);
    }

    /// Marks the end of the argument, element or `Some` whose first 64-bit word is at the position
    /// `start`. Sets the flag [`LAST`] in the last item, or appends an item [`END`] if the last
    /// item cannot carry the flag.
    #[inline(always)]
    pub(crate) fn end(&mut self, start: usize) {
        match self.words.get_mut(self.last) {
            Some(last) if self.last >= start && *last & LAST == 0 => *last |= LAST,
            _ => self.push_word(END | LAST),
        }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    #[inline(always)]
    fn push(&mut self, word: u64) {
        self.words.push(word);
    }
}

/// Returns `bytes`, at most seven, as the low bytes of a 64-bit word. Two or more bytes are read as
/// two halves that overlap, because a loop over so few bytes takes longer.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    let behind = |half: usize| 8 * (bytes.len() - half);
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        first | last << behind(4)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        let [first, last] = [first, last].map(|half| u64::from(u16::from_le_bytes(*half)));
        first | last << behind(2)
    } else {
        bytes.first().copied().map_or(0, u64::from)
    }
}
