//! Tests of encrypted entries.

use std::convert::Infallible;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::encoding::encryption::tests::{KEYS, sealer};
use crate::encoding::envelope::read::{Envelope, Reject};
use crate::encoding::envelope::write::Draft;
use crate::encoding::envelope::{Token, VERSIONS};

const NAME: &[u8] = b"k:user:42";

/// Returns an entry without encryption, with two tags, one of which is made from the value.
fn plain(order: Option<u64>) -> Vec<u8> {
    let versions = [Version([1; 24]), Version([2; 24]), Version([3; 24])];
    let tags: [Box<[u8]>; 2] = [b"t:users"[..].into(), b"t:org:7"[..].into()];
    let draft = Draft {
        codec: 1,
        fingerprint: 0x0102_0304_0506_0708,
        origin: *b"ORIGIN01",
        fill: Token(*b"0123456789abcdef"),
        grace: Duration::from_secs(60),
        life: Duration::from_secs(300),
        delta: Duration::from_micros(1_500),
        versions: &versions,
        foreign_versions: &[],
        tags: &tags,
        function: "shop::get_user",
        key: b"user:42",
        order,
        compress_above: None,
    };
    let payload = |out: &mut Vec<u8>| {
        out.extend(b"value");
        Ok::<(), Infallible>(())
    };
    let Ok(written) = draft.write(Some(payload));
    written.bytes
}

fn hidden(_: &[u8]) -> Vec<u8> {
    vec![]
}

fn visible(_: &[u8]) -> Vec<u8> {
    b"t:0123456789abcdef".to_vec()
}

fn sealed(order: Option<u64>) -> Vec<u8> {
    seal(&sealer(KEYS, false), &plain(order), NAME, hidden).expect("it is sealed")
}

#[test]
fn what_was_sealed_opens_to_the_same_bytes() {
    let own = sealer(KEYS, false);
    for order in [None, Some(7), Some(u64::MAX)] {
        for for_scripts in [hidden, visible] {
            let plain = plain(order);
            let sealed = seal(&own, &plain, NAME, for_scripts).expect("it is sealed");
            assert!(is_sealed(&sealed) && !is_clear(&sealed) && is_clear(&plain));
            assert_eq!(Envelope::parse(&sealed), Err(Reject::Sealed));
            assert_eq!(open(&own, &sealed, NAME), Some(plain));
            assert_eq!(key_id(&sealed).as_deref(), Some("new"));
        }
    }
}

/// Everything that scripts read is where they look: the head, the versions, the names of the
/// tags after them, and the order in the last bytes.
#[test]
fn scripts_find_what_they_read() {
    let (plain, hidden) = (plain(Some(7)), sealed(Some(7)));
    assert_eq!(hidden[..FLAGS], plain[..FLAGS]);
    assert_eq!(hidden[FLAGS], plain[FLAGS] | 8);
    assert_eq!(hidden[FLAGS + 1..HEAD], plain[FLAGS + 1..HEAD]);
    let versions = COUNT..VERSIONS + 4 * Version::LEN;
    assert_eq!(hidden[versions.clone()], plain[versions]);
    assert_eq!(hidden[hidden.len() - ORDER..], 7_u64.to_be_bytes());
    let visible = seal(&sealer(KEYS, false), &plain, NAME, visible).expect("it is sealed");
    let mut names = &visible[VERSIONS + 4 * Version::LEN..];
    for _ in 0..2 {
        assert_eq!(text(&mut names), Some(&b"t:0123456789abcdef"[..]));
    }
}

#[test]
fn only_what_scripts_need_is_visible() {
    let shows = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|part| part == what);
    let (plain, sealed) = (plain(None), sealed(None));
    for secret in [
        &b"value"[..],
        b"user",
        b"42",
        b"org:7",
        b"shop",
        b"ORIGIN01",
        &plain[HEAD..64],
    ] {
        assert!(
            shows(&plain, secret) && !shows(&sealed, secret),
            "{secret:?}"
        );
    }
}

/// The value of every other bit is covered. Scripts change the fields of the head and the versions in
/// place, so a flipped bit there is not damage, and the value stays what it was. Only if the bit is in
/// a version, the entry is not valid.
#[test]
fn no_flipped_bit_opens_but_in_the_fields_of_scripts() {
    let sealer = sealer(KEYS, false);
    for bytes in [sealed(None), sealed(Some(7))] {
        let before = open(&sealer, &bytes, NAME).expect("it opens");
        let before = Envelope::parse(&before).expect("an entry");
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Some(after) = open(&sealer, &flipped, NAME) else {
                continue;
            };
            let after = Envelope::parse(&after).expect("an entry");
            let is_version = (VERSIONS..VERSIONS + 4 * Version::LEN).contains(&(bit / 8));
            let is_waiter = bit == 8 * WAITERS;
            let of_script = is_waiter || (8..HEAD).contains(&(bit / 8));
            assert!(is_version || of_script, "bit {bit} is not covered");
            assert_eq!(after.versions != before.versions, is_version, "bit {bit}");
            assert_eq!((after.payload, after.key), (before.payload, before.key));
            assert_eq!((after.life, after.order), (before.life, before.order));
        }
    }
}

#[test]
fn no_part_and_nothing_longer_opens() {
    let (own, whole) = (sealer(KEYS, false), sealed(Some(7)));
    for length in 0..whole.len() {
        assert_eq!(open(&own, &whole[..length], NAME), None, "{length}");
    }
    let longer = [&*whole, &[0]].concat();
    assert_eq!(open(&own, &longer, NAME), None);
}

#[test]
fn another_name_or_key_does_not_open() {
    let sealed = sealed(None);
    for name in [&b"k:user:43"[..], b"c1:user:42", b"k:user:4", b""] {
        assert_eq!(open(&sealer(KEYS, false), &sealed, name), None);
    }
    let other = KEYS.replace("new", "new2");
    assert_eq!(open(&sealer(&other, false), &sealed, NAME), None);
    let exchanged = KEYS.replace("01", "09");
    assert_eq!(open(&sealer(&exchanged, false), &sealed, NAME), None);
    // The key that sealed may be any of the ring.
    let rotated = format!("newer:{}, {KEYS}", "09".repeat(32));
    assert!(open(&sealer(&rotated, false), &sealed, NAME).is_some());
}

/// Other versions of the library, which have the keys, open exactly these bytes.
#[test]
fn golden_bytes() {
    for (golden, order) in [
        (include_str!("../golden/sealed.hex"), None),
        (include_str!("../golden/sealed_ordered.hex"), Some(7)),
    ] {
        let digits: String = golden.split_whitespace().collect();
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("a digit");
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
        assert_eq!(open(&sealer(KEYS, false), &bytes, NAME), Some(plain(order)));
        assert_eq!(bytes.len(), sealed(order).len());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let sealer = sealer(KEYS, true);
        let start = [&MAGIC[..], &[FILLED | SEALED, 1, 0, 0, 0]].concat();
        for bytes in [bytes.clone(), [start, bytes].concat()] {
            prop_assert_eq!(open(&sealer, &bytes, NAME), None);
            let _ = seal(&sealer, &bytes, NAME, hidden);
            let _ = (key_id(&bytes), Envelope::parse(&bytes).is_ok());
        }
    }

    /// Bytes of an entry that are exchanged for others.
    #[test]
    fn changed_bytes_never_panic(at in 0..400_usize, new in prop::collection::vec(any::<u8>(), 1..9)) {
        let (sealer, mut bytes) = (sealer(KEYS, false), sealed(Some(7)));
        for (old, new) in bytes.iter_mut().skip(at).zip(new) {
            *old = new;
        }
        if let Some(plain) = open(&sealer, &bytes, NAME) {
            prop_assert!(Envelope::parse(&plain).is_ok());
        }
    }
}
