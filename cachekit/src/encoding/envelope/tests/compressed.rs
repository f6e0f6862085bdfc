//! Entries whose payload is compressed.

use super::*;
use crate::encoding::envelope::write::Written;

fn packed(payload: &[u8], compress_above: usize) -> Written {
    let versions = [Version([1; 24]), Version([2; 24]), Version([3; 24])];
    let tags: [Box<[u8]>; 2] = [b"t:users"[..].into(), b"t:org:7"[..].into()];
    let draft = Draft {
        compress_above: Some(compress_above),
        order: Some(7),
        ..draft(&versions, &tags)
    };
    let append = |out: &mut Vec<u8>| {
        out.extend(payload);
        Ok::<_, Infallible>(())
    };
    draft.write(Some(append)).unwrap()
}

#[test]
fn what_was_compressed_is_read() {
    let plain = b"value ".repeat(300);
    let Written { bytes, saved } = packed(&plain, 1_800);
    let as_it_is = ordered(Some(&plain), Some(7));
    assert_eq!(saved, Some(as_it_is.len() - bytes.len()));
    let read = Envelope::parse(&bytes).unwrap();
    assert_eq!(
        (read.codec, read.is_absent, read.order),
        (1, false, Some(7))
    );
    assert_eq!(read.payload.length(), plain.len());
    assert_eq!(read.payload.open().as_deref(), Some(&plain[..]));
    // All fields but the payload are equal to those of the entry without compression.
    let other = Envelope {
        payload: Payload::Plain(&plain),
        ..read
    };
    assert_eq!(Envelope::parse(&as_it_is), Ok(other));
}

#[test]
fn what_is_not_worth_it_is_written_as_without() {
    let plain = b"value ".repeat(300);
    for (payload, threshold) in [(&plain[..], 1_801), (b"value", 0), (b"", 0)] {
        let written = packed(payload, threshold);
        assert_eq!(written.saved, None);
        assert_eq!(written.bytes, ordered(Some(payload), Some(7)));
    }
}

/// Older versions of the library, which cannot decompress, take a codec byte that they do not know
/// for a miss.
#[test]
fn it_names_no_codec_that_older_versions_know() {
    let written = packed(&[b'v'; 1_000], 0).bytes;
    assert!(![1, 2, 3].contains(&written[CODEC]));
    assert_eq!(written[FLAGS], FILLED | ORDERED);
}

/// Other programs, and older versions of the library, have written these bytes. The LZ4 library may
/// write another block for the same value, so the test covers only reading.
#[test]
fn golden_bytes_are_read() {
    let golden = unhex(include_str!("../golden/compressed.hex"));
    let read = Envelope::parse(&golden).unwrap();
    assert_eq!(read.payload.open().as_deref(), Some(&[b'v'; 1_000][..]));
    let ours = packed(&[b'v'; 1_000], 0).bytes;
    let ours = Envelope::parse(&ours).unwrap();
    let other = Envelope {
        payload: read.payload,
        ..ours
    };
    assert_eq!(read, other);
}

#[test]
fn an_entry_cut_short_is_damage() {
    let whole = packed(&b"value ".repeat(300), 0).bytes;
    for length in 3..whole.len() {
        let read = Envelope::parse(&whole[..length]);
        assert_eq!(read, Err(Reject::Damaged), "{length}");
    }
}

#[test]
fn a_flipped_bit_is_damage_or_changes_no_value() {
    let plain = b"value ".repeat(300);
    let whole = packed(&plain, 0).bytes;
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(after) = Envelope::parse(&flipped) {
            assert!(is_mutable(bit / 8), "bit {bit} is not covered");
            assert_eq!(after.payload.open().as_deref(), Some(&plain[..]));
        }
    }
}

/// An absence has no payload. So an entry that has an absence and a compressed payload is damaged.
#[test]
fn a_compressed_absence_is_damage() {
    let mut absence = written(None);
    absence[CODEC] |= PACKED;
    let after_versions = VERSIONS + 4 * Version::LEN;
    let sum = checksum(&absence, after_versions).to_le_bytes();
    absence[CHECKSUM..CHECKSUM + 8].copy_from_slice(&sum);
    assert_eq!(Envelope::parse(&absence), Err(Reject::Damaged));
}

proptest! {
    #[test]
    fn anything_survives(
        pieces in prop::collection::vec((any::<[u8; 3]>(), 1..100_usize), 0..20),
        threshold in 0..2_000_usize,
    ) {
        let plain = pieces.iter().flat_map(|(bytes, times)| bytes.repeat(*times));
        let plain: Vec<u8> = plain.collect();
        let written = packed(&plain, threshold);
        let read = Envelope::parse(&written.bytes).unwrap();
        prop_assert_eq!(read.payload.length(), plain.len());
        let open = read.payload.open();
        prop_assert_eq!(open.as_deref(), Some(&plain[..]));
    }
}
