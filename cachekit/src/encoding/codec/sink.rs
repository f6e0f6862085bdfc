//! Where encoders write: the end of a buffer, and not further than allowed.

use std::io;

/// The end of a buffer that may grow by a number of bytes.
pub(crate) struct Sink<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
    full: bool,
}

impl<'a> Sink<'a> {
    /// Appends to `out`, at most `limit` bytes.
    pub(crate) fn new(out: &'a mut Vec<u8>, limit: usize) -> Self {
        Self {
            out,
            left: limit,
            full: false,
        }
    }

    /// Whether something did not fit.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Appends all of `bytes`, or nothing and never anything again.
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
