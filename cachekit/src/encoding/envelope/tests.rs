#[cfg(feature = "lz4")]
pub(crate) mod compressed;

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::encoding::compress::Payload;
use crate::encoding::envelope::read::{Envelope, Reject};
use crate::encoding::envelope::write::Draft;

fn draft<'a>(versions: &'a [Version], tags: &'a [Box<[u8]>]) -> Draft<'a> {
    Draft {
        codec: 1,
        fingerprint: 0x0102_0304_0506_0708,
        origin: *b"ORIGIN01",
        fill: Token(*b"0123456789abcdef"),
        grace: Duration::from_secs(60),
        life: Duration::from_secs(300),
        delta: Duration::from_micros(1_500),
        versions,
        foreign_versions: &[],
        tags,
        function: "shop::get_user",
        key: b"user:42",
        order: None,
        compress_above: None,
    }
}

fn written(payload: Option<&[u8]>) -> Vec<u8> {
    ordered(payload, None)
}

fn ordered(payload: Option<&[u8]>, order: Option<u64>) -> Vec<u8> {
    let versions = [Version([1; 24]), Version([2; 24]), Version([3; 24])];
    let tags: [Box<[u8]>; 2] = [b"t:users"[..].into(), b"t:org:7"[..].into()];
    let payload = payload.map(|payload| {
        move |out: &mut Vec<u8>| {
            out.extend(payload);
            Ok::<(), Infallible>(())
        }
    });
    let draft = Draft {
        order,
        ..draft(&versions, &tags)
    };
    draft.write(payload).unwrap().bytes
}

#[test]
fn what_was_written_is_read() {
    let bytes = written(Some(b"value"));
    let read = Envelope::parse(&bytes).unwrap();
    assert_eq!(
        (read.codec, read.is_absent, read.payload),
        (1, false, Payload::Plain(b"value"))
    );
    assert_eq!(
        (read.key, read.function),
        (&b"user:42"[..], &b"shop::get_user"[..])
    );
    assert_eq!(read.tags, [&b"t:users"[..], b"t:org:7"]);
    // The version of the last tag is still zero, because Redis fills it in when it stores the
    // entry.
    let versions = [[1; 24], [2; 24], [3; 24], [0; 24]].map(Version);
    assert_eq!(*read.versions, versions);
    assert_eq!(read.fill, Token(*b"0123456789abcdef"));
    let options = (read.grace, read.life, read.delta);
    let secs = Duration::from_secs;
    assert_eq!(options, (secs(60), secs(300), Duration::from_micros(1_500)));
    assert_eq!(read.fingerprint, 0x0102_0304_0506_0708);
}

#[test]
fn an_absence_is_told_from_an_empty_value() {
    assert!(Envelope::parse(&written(None)).unwrap().is_absent);
    assert!(!Envelope::parse(&written(Some(b""))).unwrap().is_absent);
}

#[test]
fn the_order_of_a_write_is_read() {
    assert_eq!(
        Envelope::parse(&written(Some(b"value"))).unwrap().order,
        None
    );
    for order in [0, 7, u64::MAX] {
        let bytes = ordered(Some(b"value"), Some(order));
        let read = Envelope::parse(&bytes).unwrap();
        let payload = Payload::Plain(b"value");
        assert_eq!((read.order, read.payload), (Some(order), payload));
        for length in HEAD..bytes.len() {
            assert_eq!(Envelope::parse(&bytes[..length]), Err(Reject::Damaged));
        }
    }
}

/// Other programs, and older versions of the library, read and write exactly these bytes.
#[test]
fn golden_bytes() {
    let golden: [(&str, Vec<u8>); 3] = [
        (include_str!("golden/value.hex"), written(Some(b"value"))),
        (include_str!("golden/absence.hex"), written(None)),
        (
            include_str!("golden/ordered.hex"),
            ordered(Some(b"value"), Some(7)),
        ),
    ];
    for (expected, written) in golden {
        assert_eq!(written, unhex(expected));
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[test]
fn other_bytes_are_told_apart() {
    let whole = written(Some(b"value"));
    assert_eq!(Envelope::parse(b""), Err(Reject::NotOurs));
    assert_eq!(Envelope::parse(b"hello, world"), Err(Reject::NotOurs));
    assert_eq!(Envelope::parse(b"CK\x02 and so on"), Err(Reject::Format));
    let mut vacant = whole[..HEAD].to_vec();
    vacant[3] = 0;
    assert_eq!(Envelope::parse(&vacant), Err(Reject::Vacant));
    for length in 3..whole.len() {
        assert_eq!(
            Envelope::parse(&whole[..length]),
            Err(Reject::Damaged),
            "{length}"
        );
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(Envelope::parse(&longer), Err(Reject::Damaged));
}

/// An entry with a flag that only a later version knows must not be read, because the flag may
/// change the meaning of all bytes.
#[test]
fn an_unknown_flag_is_another_format() {
    let whole = written(Some(b"value"));
    for bit in 4..8 {
        let mut later = whole.clone();
        later[FLAGS] |= 1 << bit;
        assert_eq!(Envelope::parse(&later), Err(Reject::Format), "{bit}");
        later.truncate(HEAD);
        assert_eq!(Envelope::parse(&later), Err(Reject::Format), "{bit}");
    }
}

/// Returns `true` if scripts in Redis change the byte at this offset: the waiters, token, lease,
/// grace or versions.
fn is_mutable(byte: usize) -> bool {
    (5..HEAD).contains(&byte) || (VERSIONS..VERSIONS + 4 * Version::LEN).contains(&byte)
}

#[test]
fn a_flipped_bit_is_damage_or_changes_no_value() {
    let whole = written(Some(b"value"));
    let before = Envelope::parse(&whole).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(after) = Envelope::parse(&flipped) else {
            continue;
        };
        assert!(is_mutable(bit / 8), "bit {bit} is not covered");
        assert_eq!(
            (after.payload, after.is_absent, after.key),
            (before.payload, false, before.key)
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Envelope::parse(&bytes);
        let mut ours = MAGIC.to_vec();
        ours.push(FILLED);
        ours.extend(bytes);
        let _ = Envelope::parse(&ours);
    }
}
