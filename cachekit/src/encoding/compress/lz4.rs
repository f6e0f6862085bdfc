//! LZ4 blocks. Only this file uses the crate `lz4_flex`.

use lz4_flex::block;

/// Compresses `bytes` into an LZ4 block. Never returns `None`, which only a build without LZ4
/// returns.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is none"
)]
pub(crate) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(block::compress(bytes))
}

/// Decompresses the LZ4 block `block` into the beginning of `out`, and returns the length of the
/// content. Returns `None` if `block` is not an LZ4 block, or if its content does not fit into
/// `out`.
pub(crate) fn decompress(block: &[u8], out: &mut [u8]) -> Option<usize> {
    block::decompress_into(block, out).ok()
}
