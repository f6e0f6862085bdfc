//! The output of an encoder: a buffer to which the encoder appends bytes, up to a limit.

use std::io;

/// The output of an encoder, which appends bytes to a buffer up to a limit on their number.
pub(crate) struct Sink<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
    full: bool,
}

impl<'a> Sink<'a> {
    /// Creates an output for an encoder that appends at most `limit` bytes to `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>, limit: usize) -> Self {
        Self {
            out,
            left: limit,
            full: false,
        }
    }

    /// Returns `true` if the encoder wrote more bytes than the limit of this output allows.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Appends all of `bytes` and returns `true`. If `bytes` do not fit into the limit, returns
    /// `false`, and appends neither `bytes` nor any later bytes.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> bool {
        let left = self.left.checked_sub(bytes.len());
        self.full |= left.is_none();
        if self.full {
            return false;
        }
        self.left = left.unwrap_or_default();
        self.out.extend_from_slice(bytes);
        true
    }
}

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.append(bytes) {
            Ok(bytes.len())
        } else {
            Err(io::ErrorKind::WriteZero.into())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "bincode")]
impl ::bincode::enc::write::Writer for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ::bincode::error::EncodeError> {
        if self.append(bytes) {
            Ok(())
        } else {
            Err(::bincode::error::EncodeError::UnexpectedEnd)
        }
    }
}
