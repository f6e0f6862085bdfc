//! The hash function FNV-1a with 64 bits, whose results are equal in every process, release and
//! architecture.
//!
//! The hashes of `std::hash` may change with the compiler. If fingerprints were such hashes, every
//! deploy that was built by a new compiler would find no valid entry in Redis.

/// The state of an FNV-1a hash with 64 bits, to which bytes, numbers and texts can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fnv(u64);

impl Fnv {
    /// Creates the FNV-1a hash of no bytes.
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Returns this hash with `bytes` added.
    #[must_use]
    pub(crate) const fn bytes(self, bytes: &[u8]) -> Self {
        let mut hash = self.0;
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        Self(hash)
    }

    /// Returns this hash with `number` added, as 8 little-endian bytes.
    #[must_use]
    pub(crate) const fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// Returns this hash with `text` added. The length of the text is added first, so that two
    /// different lists of texts never add the same bytes.
    #[must_use]
    pub(crate) const fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }

    /// Returns the FNV-1a hash of all bytes that were added.
    pub(crate) const fn finish(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_published_function() {
        assert_eq!(Fnv::new().bytes(b"").finish(), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Fnv::new().bytes(b"a").finish(), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fnv::new().bytes(b"foobar").finish(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn texts_do_not_run_together() {
        let split = |a, b| Fnv::new().text(a).text(b);
        assert_ne!(split("ab", "c"), split("a", "bc"));
    }
}
