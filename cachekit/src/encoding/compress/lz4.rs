//! LZ4 blocks. Only this file names the library for them.

use lz4_flex::block;

/// Compresses `bytes` into a block; never `None`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is none"
)]
pub(crate) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(block::compress(bytes))
}

/// Writes the content of `block` to the beginning of `out`, and returns its length. Returns `None` if it
/// is no block, or holds more.
pub(crate) fn decompress(block: &[u8], out: &mut [u8]) -> Option<usize> {
    block::decompress_into(block, out).ok()
}
