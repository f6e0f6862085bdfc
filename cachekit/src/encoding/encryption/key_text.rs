//! The text form of keys.

use zeroize::Zeroizing;

use crate::encoding::encryption::keys::{EncryptionKeys, KEY, NAMES, RingKey, Secret};

impl std::str::FromStr for EncryptionKeys {
    type Err = String;

    /// Parses keys such as `2026-11:BASE64, 2026-05:BASE64`. The error repeats no part of the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let keys = parse(text)?;
        match keys.problem() {
            Some((problem, remedy)) => Err(format!("{problem}; {remedy}")),
            None => Ok(keys),
        }
    }
}

/// Parses keys as `id:key`, separated by commas, spaces or line breaks. The error repeats no part
/// of the text, because the text is secret.
fn parse(text: &str) -> Result<EncryptionKeys, String> {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(|line| line.split([',', ' ', '\t', '\r']));
    let mut keys = EncryptionKeys {
        ring: vec![],
        names: None,
    };
    for (at, word) in words.filter(|word| !word.is_empty()).enumerate() {
        let number = at + 1;
        let Some((id, key)) = word.split_once(':') else {
            return Err(format!(
                "expected keys as `id:key`, separated by commas: part {number} has no colon"
            ));
        };
        let Some(key) = key_of(key) else {
            return Err(format!(
                "expected keys of 32 bytes, in base64 or hexadecimal digits: key {number} has \
                 another form"
            ));
        };
        if id == NAMES {
            if keys.names.replace(key).is_some() {
                return Err("expected one key with the id `names`".to_owned());
            }
        } else {
            let id = id.to_owned();
            keys.ring.push(RingKey { id, key });
        }
    }
    if keys.ring.is_empty() {
        return Err("expected keys as `id:key`, separated by commas: there is none".to_owned());
    }
    Ok(keys)
}

/// Parses a key of 32 bytes. Returns `None` for another number of bytes, and for another form.
fn key_of(text: &str) -> Option<Secret> {
    let mut key = Zeroizing::new([0; KEY]);
    if text.len() == 2 * KEY {
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = (hex(digits[0])? << 4) | hex(digits[1])?;
        }
        return Some(key);
    }
    // 32 bytes are 43 digits of base64 and one sign that fills up.
    let digits = text.strip_suffix('=').unwrap_or(text).as_bytes();
    if digits.len() != 43 {
        return None;
    }
    let (mut bits, mut count, mut at) = (0_u32, 0, 0);
    for digit in digits {
        bits = (bits << 6) | u32::from(base64(*digit)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            *key.get_mut(at)? = u8::try_from(bits >> count & 0xff).ok()?;
            at += 1;
        }
    }
    // The bits after the last byte are zero in the only right form.
    (bits & ((1 << count) - 1) == 0).then_some(key)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Returns the value of a digit of base64, in the usual alphabet and in that for addresses.
fn base64(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn counting() -> [u8; KEY] {
        std::array::from_fn(|at| u8::try_from(at).expect("it is small"))
    }

    #[test]
    fn a_key_is_read_in_both_forms() {
        let digits =
            |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
        let hex: String = counting().iter().flat_map(digits).flatten().collect();
        let hex = hex.to_uppercase();
        for text in [BASE64, &BASE64[..43], &hex, &hex.to_lowercase()] {
            assert_eq!(key_of(text).as_deref(), Some(&counting()), "{text}");
        }
        let ends = key_of("_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-8").expect("it is a key");
        assert_eq!(ends[..3], [0xff, 0xef, 0xfe]);
        for wrong in [
            "",
            "AA",
            &BASE64[..42],
            &format!("{hex}0"),
            &BASE64.replace("8=", "9="),
        ] {
            assert!(key_of(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn keys_are_separated_by_commas_and_lines() {
        let old = "05".repeat(KEY);
        let expected = EncryptionKeys::new("b.2", counting())
            .and_old("a_1", [5; KEY])
            .names([5; KEY]);
        for text in [
            format!("b.2:{BASE64},a_1:{old},names:{old}"),
            format!("# the keys\nb.2:{BASE64}\n\nnames:{old}\r\n a_1:{old} \n"),
        ] {
            assert_eq!(text.parse(), Ok(expected.clone()));
        }
    }

    #[test]
    fn no_error_repeats_a_key() {
        let key = "0b".repeat(KEY);
        for text in [
            String::new(),
            format!("names:{key}"),
            key.clone(),
            format!("a:{key},a:{key}"),
            format!("a:{key}0b"),
            format!("{key}:{key}"),
            format!("a:{}", "00".repeat(KEY)),
            format!("a:{key},names:{key},names:{key}"),
        ] {
            let told = text.parse::<EncryptionKeys>().expect_err(&text);
            assert!(!told.contains("0b0b"), "{told}");
        }
        let shown = format!("{:?}", EncryptionKeys::new("a", [0x0b; KEY]));
        assert!(!shown.contains("11") && !shown.contains("0b"), "{shown}");
    }
}
