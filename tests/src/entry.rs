//! Reads and writes the bytes of an entry by `docs/format.md` alone. It shares no code with the
//! library, so that a mistake in one shows in the other.

use xxhash_rust::xxh3::Xxh3;

/// Where the checksum stands, the number of versions, and the versions.
const CHECKSUM: usize = 88;
const COUNT: usize = 96;
const VERSIONS: usize = 98;

/// With the number of a codec: the payload is compressed.
pub const PACKED: u8 = 128;

/// A compressed payload: the length that it says it has open, and an LZ4 block.
///
/// # Panics
///
/// If that length has more than 4 bytes.
pub fn packed(length: usize, block: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).expect("a length of 4 bytes");
    [&length.to_le_bytes()[..], block].concat()
}

/// `before`, and then `byte`, `count` times, as an LZ4 block: literals, a match with the last of
/// them, and five literals, with which every block ends.
///
/// # Panics
///
/// If there are fewer than 25, or more than 13 bytes before them.
pub fn repeated(before: &[u8], byte: u8, count: usize) -> Vec<u8> {
    assert!(before.len() <= 13, "more would be counted in another way");
    // A match has at least 4 bytes, and 15 more that are said in the first byte.
    let more = count.checked_sub(1 + 4 + 15 + 5).expect("enough of them");
    let literals = u8::try_from(before.len() + 1).unwrap_or_default();
    let mut block = vec![literals << 4 | 15];
    block.extend(before);
    block.extend([byte, 1, 0]);
    block.extend(vec![255; more / 255]);
    block.push(u8::try_from(more % 255).unwrap_or_default());
    block.push(0x50);
    block.extend([byte; 5]);
    block
}

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// 1: bincode, 2: `MessagePack`, 3: JSON; with [`PACKED`] if the payload is compressed.
    pub codec: u8,
    /// The tags, with their kind, as `t:org:7`.
    pub tags: &'a [&'a str],
    /// Its function's name.
    pub function: &'a str,
    /// Its key.
    pub key: &'a str,
    /// The value, encoded; `None`: an absence.
    pub payload: Option<&'a [u8]>,
    /// Of the write that stored it, if that has one.
    pub order: Option<u64>,
}

impl Entry<'_> {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"CK\x01".to_vec();
        let absent = if self.payload.is_some() { 0 } else { 2 };
        let ordered = if self.order.is_some() { 4 } else { 0 };
        out.push(1 + absent + ordered);
        out.extend([self.codec, 0, 0, 0]);
        out.extend(*b"0123456789abcdef");
        out.extend([0; 24]);
        out.extend(60_000_u64.to_be_bytes());
        out.extend(0x0102_0304_0506_0708_u64.to_le_bytes());
        out.extend(*b"ORIGIN01");
        out.extend(1_500_u64.to_le_bytes());
        out.extend(300_000_u64.to_le_bytes());
        out.extend([0; 8]);
        let count = 2 + self.tags.len();
        out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
        for version in 1..=count {
            out.extend([u8::try_from(version).unwrap_or_default(); 24]);
        }
        for tag in self.tags {
            text(&mut out, tag.as_bytes());
        }
        text(&mut out, self.function.as_bytes());
        text(&mut out, self.key.as_bytes());
        text(&mut out, self.payload.unwrap_or_default());
        if let Some(order) = self.order {
            out.extend(order.to_be_bytes());
        }
        seal(&mut out);
        out
    }
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    let length = u32::try_from(text.len()).expect("a short text");
    out.extend(length.to_le_bytes());
    out.extend(text);
}

/// Writes the right checksum into an entry that was changed. Leaves alone what is too short to
/// have one.
pub fn seal(entry: &mut [u8]) {
    let Some(&[low, high]) = entry.get(COUNT..VERSIONS) else {
        return;
    };
    let names = VERSIONS + 24 * usize::from(u16::from_le_bytes([low, high]));
    if names > entry.len() {
        return;
    }
    let mut hash = Xxh3::new();
    for part in [
        &entry[..5],
        &entry[56..CHECKSUM],
        &entry[COUNT..VERSIONS],
        &entry[names..],
    ] {
        hash.update(part);
    }
    entry[CHECKSUM..COUNT].copy_from_slice(&hash.digest().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same entry as the library's own golden files hold.
    fn golden(payload: Option<&[u8]>, order: Option<u64>) -> Vec<u8> {
        let entry = Entry {
            codec: 1,
            tags: &["t:users", "t:org:7"],
            function: "shop::get_user",
            key: "user:42",
            payload,
            order,
        };
        let mut bytes = entry.bytes();
        // A store fills it in.
        bytes[VERSIONS + 3 * 24..VERSIONS + 4 * 24].fill(0);
        bytes
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<char> = text
            .chars()
            .filter(|digit| !digit.is_whitespace())
            .collect();
        let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16);
        digits.chunks(2).map(|pair| byte(pair).unwrap()).collect()
    }

    #[test]
    fn two_writers_agree_on_every_byte() {
        let files = [
            include_str!("../../cachekit/src/encoding/envelope/golden/value.hex"),
            include_str!("../../cachekit/src/encoding/envelope/golden/absence.hex"),
            include_str!("../../cachekit/src/encoding/envelope/golden/ordered.hex"),
        ];
        let value = Some(&b"value"[..]);
        let contents = [(value, None), (None, None), (value, Some(7))];
        for (file, (payload, order)) in files.into_iter().zip(contents) {
            assert_eq!(golden(payload, order), unhex(file));
        }
        let payload = packed(1_000, &repeated(&[], b'v', 1_000));
        let file = include_str!("../../cachekit/src/encoding/envelope/golden/compressed.hex");
        let mut compressed = golden(Some(&payload), Some(7));
        compressed[4] += PACKED;
        seal(&mut compressed);
        assert_eq!(compressed, unhex(file));
    }

    #[test]
    fn a_sealed_entry_stays_as_it_is() {
        let mut sealed = golden(Some(b"value"), None);
        seal(&mut sealed);
        assert_eq!(sealed, golden(Some(b"value"), None));
        for length in 0..sealed.len() {
            seal(&mut sealed.clone()[..length]);
        }
    }
}
