//! LZ4 blocks. Only this file uses the crate `lz4_flex`.

use lz4_flex::block;

/// Compresses `bytes` into an LZ4 block, and returns the block. Never returns `None`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is none"
)]
pub(crate) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(block::compress(bytes))
}

/// Writes the content of the LZ4 block `block` to the beginning of `out`, and returns the length of
/// the content. Returns `None` if `block` is not an LZ4 block, or if its content does not fit into
/// `out`.
pub(crate) fn decompress(block: &[u8], out: &mut [u8]) -> Option<usize> {
    block::decompress_into(block, out).ok()
}
