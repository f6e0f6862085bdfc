//! Tests of encrypted bytes, and sealers for other tests.

use proptest::prelude::*;

use crate::encoding::encryption::sealer::Sealer;
use crate::encoding::encryption::{Place, blob};

/// Keys of a ring in their text form, the first of which is `new`.
pub(crate) const KEYS: &str = "new:0101010101010101010101010101010101010101010101010101010101010101,\
    old:0202020202020202020202020202020202020202020202020202020202020202,\
    names:0303030303030303030303030303030303030303030303030303030303030303";

/// Returns a sealer with `keys` of a cache with the namespace `shop`.
pub(crate) fn sealer(keys: &str, hashes_names: bool) -> Sealer {
    Sealer::new(&keys.parse().expect("keys"), "shop", hashes_names).expect("a key")
}

const fn place(kind: &'static str, parts: &'static [&'static [u8]]) -> Place<'static> {
    Place { kind, parts }
}

const HERE: Place<'static> = place("here", &[b"a", b"b"]);

#[test]
fn what_was_sealed_opens_and_shows_nothing() {
    let own = sealer(KEYS, false);
    for text in [&b""[..], b"a secret", &[0; 4096]] {
        let sealed = blob::seal(&own, HERE, text).expect("it is sealed");
        assert!(blob::is_sealed(&sealed));
        assert_eq!(sealed.len(), text.len() + 60);
        assert_eq!(blob::open(&own, HERE, &sealed).as_deref(), Some(text));
        let again = blob::seal(&own, HERE, text).expect("it is sealed");
        assert_ne!(again, sealed, "each has a nonce of its own");
        let shows = |it: &[u8]| it.windows(8).any(|part| part == b"a secret");
        assert!(!shows(&sealed));
    }
}

#[test]
fn no_flipped_bit_and_no_part_opens() {
    let own = sealer(KEYS, false);
    let sealed = blob::seal(&own, HERE, b"text").expect("it is sealed");
    for bit in 0..8 * sealed.len() {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(blob::open(&own, HERE, &flipped), None, "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert_eq!(blob::open(&own, HERE, &sealed[..length]), None);
    }
}

#[test]
fn another_place_namespace_or_key_does_not_open() {
    let own = sealer(KEYS, false);
    let sealed = blob::seal(&own, HERE, b"text").expect("it is sealed");
    let elsewhere = [
        place("there", &[b"a", b"b"]),
        place("here", &[b"ab"]),
        place("here", &[b"a", b"b", b""]),
        place("here", &[b"", b"a", b"b"]),
    ];
    for place in elsewhere {
        assert_eq!(blob::open(&own, place, &sealed), None, "{place:?}");
    }
    let other = Sealer::new(&KEYS.parse().expect("keys"), "blog", false).expect("a key");
    assert_eq!(blob::open(&other, HERE, &sealed), None);
    // The id is right, and the key is not.
    let exchanged = sealer(&KEYS.replace("01", "04"), false);
    assert_eq!(blob::open(&exchanged, HERE, &sealed), None);
}

#[test]
fn every_key_of_the_ring_opens_and_the_first_one_seals() {
    let (new, both) = (sealer(&KEYS[..68], false), sealer(KEYS, false));
    let old = sealer(&KEYS[69..137], false);
    let by = |sealer| blob::seal(sealer, HERE, b"text").expect("it is sealed");
    let opens = |sealer, sealed: &[u8]| blob::open(sealer, HERE, sealed).is_some();
    assert!(opens(&both, &by(&old)) && opens(&both, &by(&new)));
    assert!(opens(&new, &by(&both)), "the first key seals");
    assert!(!opens(&new, &by(&old)) && !opens(&old, &by(&both)));
}

#[test]
fn equal_names_become_equal_bytes_and_come_back() {
    let sealer = sealer(KEYS, true);
    let hidden = |name: &[u8]| blob::seal_name(&sealer, HERE, name).expect("it is hidden");
    let one = hidden(b"cart:7");
    assert_eq!(one, hidden(b"cart:7"));
    assert_ne!(one, hidden(b"cart:8"));
    assert!(!one.windows(4).any(|part| part == b"cart"));
    assert_eq!(
        blob::open_name(&sealer, HERE, &one).as_deref(),
        Some(&b"cart:7"[..])
    );
    assert_ne!(hidden(&one), one, "also what looks hidden is hidden");
    for bit in 0..8 * one.len() {
        let mut flipped = one.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(blob::open_name(&sealer, HERE, &flipped), None, "bit {bit}");
    }
    // The keys of the ring are changed, and the key of names stays.
    let rotated = self::sealer(&format!("later:{}, {KEYS}", "09".repeat(32)), true);
    assert_eq!(blob::seal_name(&rotated, HERE, b"cart:7"), Some(one));
    assert_eq!(
        blob::seal_name(&self::sealer(KEYS, false), HERE, b"a"),
        None
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let sealer = sealer(KEYS, true);
        for magic in [&b""[..], b"CKE\x01", b"CKE\x01new\0\0\0\0\0\0\0\0\0\0\0\0\0", b"CKN\x01"] {
            let bytes = [magic, &bytes].concat();
            prop_assert_eq!(blob::open(&sealer, HERE, &bytes), None);
            prop_assert_eq!(blob::open_name(&sealer, HERE, &bytes), None);
        }
    }
}
