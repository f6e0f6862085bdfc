//! LZ4 blocks: the only place that names the library for them.

use lz4_flex::block;

/// `bytes` as a block; never `None`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is none"
)]
pub(crate) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(block::compress(bytes))
}

/// Writes what `block` holds to the beginning of `out`, and says how much; `None`: it is no block,
/// or holds more.
pub(crate) fn decompress(block: &[u8], out: &mut [u8]) -> Option<usize> {
    block::decompress_into(block, out).ok()
}
