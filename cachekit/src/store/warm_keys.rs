//! The list of a function's hottest keys in a store that processes share, as bytes.

use std::collections::HashSet;

use crate::store::key_name::StoreKey;
use crate::store::message::{read_names, write_names};

/// The first bytes of a list: the letters `CKW`, and the number of the format's version.
const MAGIC: &[u8] = b"CKW\x01";

/// The size in bytes of the longest list.
const LONGEST: usize = 1 << 20;

/// Returns the list of the first `most` of `keys`, without repetitions. Further keys are left out if
/// the list is too long.
pub(crate) fn write<'a>(keys: impl Iterator<Item = &'a [u8]>, most: usize) -> Vec<u8> {
    let mut list = MAGIC.to_vec();
    let mut written = HashSet::new();
    for key in keys {
        if written.len() == most || list.len() + size_of::<u32>() + key.len() > LONGEST {
            break;
        }
        if written.insert(key) {
            write_names(&mut list, &[StoreKey::read(key)]);
        }
    }
    list
}

/// Parses a list, and returns its keys in their order. Returns no key for bytes of another form,
/// because the list is only a hint.
pub(crate) fn read(bytes: &[u8]) -> Vec<StoreKey> {
    let list = bytes.strip_prefix(MAGIC);
    let names = list.filter(|_| bytes.len() <= LONGEST);
    names
        .and_then(|mut names| read_names(&mut names))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round(keys: &[&str], most: usize) -> Vec<String> {
        let list = write(keys.iter().map(|key| key.as_bytes()), most);
        let read = read(&list).into_iter();
        read.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())
            .collect()
    }

    #[test]
    fn the_first_keys_are_kept_once() {
        assert_eq!(
            round(&["a:1", "", "a:1", "a:2", "a:3"], 3),
            ["a:1", "", "a:2"]
        );
        assert_eq!(round(&[], 3), [""; 0]);
        let long = "k".repeat(LONGEST / 3);
        assert_eq!(
            round(
                &[
                    &long,
                    "a",
                    &*(long.clone() + "2"),
                    &*(long.clone() + "3"),
                    "b"
                ],
                9
            )
            .len(),
            3
        );
    }

    #[test]
    fn other_bytes_have_no_keys() {
        let list = write([&b"a:1"[..]].into_iter(), 9);
        assert_eq!(read(&list).len(), 1);
        for bytes in [&b""[..], b"CKW\x02", b"text", &list[..list.len() - 1]] {
            assert_eq!(read(bytes), [], "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
            let _ = read(&[MAGIC, &bytes].concat());
        }
    }
}
