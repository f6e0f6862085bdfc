//! Numbers in header fields.

/// Largest number of seconds that a cache counts with (RFC 9111, section 1.2.2).
pub(crate) const MAX_SECONDS: u64 = 1 << 31;

/// Returns the number of seconds that `text` is, at most [`MAX_SECONDS`]. Returns `None` unless
/// `text` is one or more digits (RFC 9111, section 1.2.2).
pub(crate) fn delta_seconds(text: &[u8]) -> Option<u64> {
    Some(digits(text)?.min(MAX_SECONDS))
}

/// Returns the number that `text` is, at most `u64::MAX`. Returns `None` unless `text` is one or
/// more digits.
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_digits_only() {
        assert_eq!(delta_seconds(b"003600"), Some(3_600));
        for wrong in ["", "-1", "+1", "1.0", "1a", " 1", "'1'"] {
            assert_eq!(delta_seconds(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn large_numbers_saturate() {
        assert_eq!(delta_seconds(b"2147483648"), Some(MAX_SECONDS));
        assert_eq!(delta_seconds(&[b'9'; 400]), Some(MAX_SECONDS));
        assert_eq!(digits(&[b'9'; 400]), Some(u64::MAX));
    }
}
