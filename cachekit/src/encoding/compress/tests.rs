use proptest::prelude::*;

use super::*;

/// Bytes before the payload in the buffer, which compression must not change.
const HEADER: &[u8] = b"header";

fn packed(plain: &[u8], threshold: usize) -> (Option<usize>, Vec<u8>) {
    let mut out = [HEADER, plain].concat();
    let saved = pack(&mut out, HEADER.len(), threshold);
    assert_eq!(&out[..HEADER.len()], HEADER);
    (saved, out.split_off(HEADER.len()))
}

fn opened(bytes: &[u8]) -> Option<Vec<u8>> {
    let open = Payload::packed(bytes)?.open()?;
    Some(open.into_owned())
}

/// Returns a text of `length` bytes that repeats itself after 50 sentences.
fn text(length: usize) -> Vec<u8> {
    let words = (0..).flat_map(|n| format!("product {}, in stock; ", n % 50).into_bytes());
    words.take(length).collect()
}

fn noise(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..))
        .take(length)
        .collect()
}

#[test]
fn what_was_packed_is_opened() {
    for length in [100, 1_024, 7_000, 70_000, 1 << 20] {
        let plain = text(length);
        let (saved, bytes) = packed(&plain, 0);
        assert_eq!(saved, Some(length - bytes.len()));
        assert_eq!(Payload::packed(&bytes).unwrap().length(), length);
        assert_eq!(opened(&bytes), Some(plain));
    }
}

#[test]
fn what_is_short_stays_plain() {
    let plain = text(1_024);
    assert_eq!(packed(&plain, 1_025), (None, plain.clone()));
    assert!(packed(&plain, 1_024).0.is_some());
    for length in 0..20 {
        let plain = vec![0; length];
        let (saved, bytes) = packed(&plain, 0);
        assert!(saved.is_some() || bytes == plain, "{length}");
    }
}

/// Compresses noise that is followed by zeros, with one zero more each time. The payload stays
/// compressed only if compression saves at least an eighth.
#[test]
fn what_saves_less_than_an_eighth_stays_plain() {
    let mut kept = 0;
    for zeros in 0..512 {
        let plain = [noise(1_800), vec![0; zeros]].concat();
        let (saved, bytes) = packed(&plain, 0);
        match saved {
            None => assert_eq!(bytes, plain),
            Some(saved) => {
                assert!(bytes.len() * 8 <= plain.len() * 7, "{zeros}");
                assert_eq!(bytes.len() + saved, plain.len());
                assert_eq!(opened(&bytes), Some(plain));
            }
        }
        kept += usize::from(saved.is_some());
    }
    assert!((100..400).contains(&kept), "{kept}");
}

/// An LZ4 block by hand: 2 literals, which a match of 15 + 4 + 255 + 1 bytes repeats, and 5
/// literals.
#[test]
fn a_block_is_an_lz4_block() {
    let block = b"\x2fab\x02\x00\xff\x01\x50abcde";
    let plain = [&b"ab".repeat(139)[..2 + 275], b"abcde"].concat();
    let length = u32::try_from(plain.len()).unwrap().to_le_bytes();
    let bytes = [&length[..], block].concat();
    assert_eq!(opened(&bytes), Some(plain));
}

#[test]
fn what_is_too_short_to_have_a_length_is_none() {
    for length in 0..LENGTH {
        assert_eq!(Payload::packed(&vec![0; length]), None);
    }
    assert_eq!(opened(&[0; LENGTH]), None, "no block at all");
}

#[test]
fn another_length_is_refused() {
    let plain = text(5_000);
    let (_, bytes) = packed(&plain, 0);
    for length in [0, 1, 4_999, 5_001, 10_000, u32::MAX] {
        let mut lying = bytes.clone();
        lying[..LENGTH].copy_from_slice(&length.to_le_bytes());
        assert_eq!(opened(&lying), None, "{length}");
    }
}

#[test]
fn a_block_that_is_cut_is_refused() {
    let (_, bytes) = packed(&text(5_000), 0);
    for length in 0..bytes.len() {
        assert_eq!(opened(&bytes[..length]), None, "{length}");
    }
}

/// A valid block must not exceed the bound on its content, because a valid entry would be a miss.
#[test]
fn no_block_exceeds_the_bound() {
    let (_, bytes) = packed(&vec![0; 1 << 20], 0);
    let block = bytes.len() - LENGTH;
    assert!((1 << 20) <= block * MOST_TIMES, "{block}");
    assert!((1 << 20) > block * (MOST_TIMES - 5), "{block}: it is tight");
    assert_eq!(opened(&bytes).map(|plain| plain.len()), Some(1 << 20));
}

proptest! {
    #[test]
    fn anything_survives(
        pieces in prop::collection::vec((any::<[u8; 5]>(), 1..200_usize), 0..50),
        threshold in 0..3_000_usize,
    ) {
        let plain = pieces.iter().flat_map(|(bytes, times)| bytes.repeat(*times));
        let plain: Vec<u8> = plain.collect();
        let (saved, bytes) = packed(&plain, threshold);
        if saved.is_some() {
            prop_assert_eq!(opened(&bytes), Some(plain));
        } else {
            prop_assert_eq!(bytes, plain);
        }
    }

    #[test]
    fn changed_bytes_never_panic(at: prop::sample::Index, byte: u8, more: Vec<u8>) {
        let (_, mut bytes) = packed(&text(3_000), 0);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = opened(&bytes);
        bytes.truncate(at);
        bytes.extend(more);
        let _ = opened(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, length in 0..100_000_u32) {
        let _ = opened(&bytes);
        let bytes = [&length.to_le_bytes()[..], &bytes].concat();
        if let Some(plain) = opened(&bytes) {
            prop_assert_eq!(plain.len(), length as usize);
        }
    }
}
