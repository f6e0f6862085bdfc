//! The replacement for LZ4 in a build without the feature `lz4`.

/// Returns `None`, because a build without the feature `lz4` cannot compress.
pub(crate) fn compress(_: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Returns `None`, because a build without the feature `lz4` cannot decompress.
pub(crate) fn decompress(_: &[u8], _: &mut [u8]) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use crate::encoding::compress::{Payload, pack};

    #[test]
    fn nothing_is_packed_and_nothing_packed_is_readable() {
        let mut out = vec![7; 10_000];
        assert_eq!(pack(&mut out, 0, 0), None);
        assert_eq!(out, vec![7; 10_000]);
        let packed = Payload::packed(b"\x01\0\0\0\x10a").unwrap();
        assert!(!packed.is_readable());
        assert_eq!(packed.open(), None);
        assert!(Payload::Plain(b"a").is_readable());
    }
}
