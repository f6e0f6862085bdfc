//! A key's arguments as words of 64 bits, from which the key can be made.
//!
//! Writing a number as text, checking each byte of a string for escapes, and copying the template's
//! literals would be most of the cost of a hit in memory. So a call first writes its arguments as
//! words: a number is one word, a string is its length and its bytes. The words suffice for the
//! look-up. If the key is needed, [`render`](crate::key::render::render) makes it from the words,
//! without reading the arguments again: they may have changed.
//!
//! The words of an item (a number, a text, a bracket) begin with its kind, whatever type wrote it,
//! and the items determine the text. So equal words mean equal keys of one function. The
//! converse does not hold: a `Display` may write its text in other pieces the next time.
//!
//! The unit is a word and not a byte, because a processor that has stored single bytes has to wait
//! before it can load them together.

#![expect(
    clippy::inline_always,
    reason = "inlined, the argument words of a hit stay in registers: a seventh of its instructions"
)]

use smallvec::SmallVec;

/// Mask of an item's kind, in the low byte of its first word; no kind is zero.
pub(crate) const KIND: u64 = 0x7F;
/// Flag of the last item in its argument, element or `Some`.
pub(crate) const LAST: u64 = 0x80;
/// The bit at which the rest of the first word begins.
pub(crate) const REST: u32 = 8;

/// An item without content, to end something that has no item of its own to carry [`LAST`].
pub(crate) const END: u64 = 1;
pub(crate) const TEXT: u64 = 2;
pub(crate) const UNSIGNED: u64 = 3;
/// A number that is the next word.
pub(crate) const WIDE_UNSIGNED: u64 = 4;
pub(crate) const SIGNED: u64 = 5;
pub(crate) const WIDE_SIGNED: u64 = 6;
pub(crate) const OPEN: u64 = 7;
pub(crate) const NEXT: u64 = 8;
pub(crate) const CLOSE: u64 = 9;
pub(crate) const ELEMENT: u64 = 10;
pub(crate) const SOME: u64 = 11;
pub(crate) const NONE: u64 = 12;
/// A text of at most seven bytes, which are the rest of the word. Its length is added to the kind.
const SHORT_TEXT: u64 = 0x10;

/// Arguments, written one after the other.
#[derive(Default)]
pub(crate) struct ArgWords {
    words: SmallVec<[u64; 16]>,
    /// The position of the last item.
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
            // The text's last eight bytes, without those that are in the word before.
            self.push(u64::from_le_bytes(*last) >> (64 - 8 * rest.len()));
        }
    }

    #[inline(always)]
    pub(crate) fn unsigned(&mut self, number: u64) {
        self.number(number, UNSIGNED);
    }

    #[inline(always)]
    pub(crate) fn signed(&mut self, number: i64) {
        // The sign is in the lowest bit, so that small numbers are short.
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

    /// Writes the first word of an item.
    #[inline(always)]
    pub(crate) fn push_word(&mut self, word: u64) {
        self.last = self.words.len();
        self.push(word);
    }

    /// Ends the argument, element or `Some` that began when there were `start` words.
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

/// Returns at most seven bytes as the low bytes of a word. Several bytes are read as two halves that
/// overlap: a loop over so few takes longer than both.
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
