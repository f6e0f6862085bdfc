//! Property test for the fuzzer: the library reads arbitrary bytes in each of its formats.

use crate::encoding::compress::Payload;
#[cfg(feature = "encryption")]
use crate::encoding::encryption::{Place, blob, keys::EncryptionKeys, sealer::Sealer};
use crate::encoding::envelope::read::{Envelope, Reject};
#[cfg(feature = "encryption")]
use crate::encoding::envelope::sealed;
use crate::encoding::envelope::write::Draft;
use crate::encoding::envelope::{HEAD, seal};
use crate::testing::tests::fuzz_values;

/// Greatest length of a payload that this test decompresses, as a multiple of the length of the
/// entry. A cache has its own limit; this limit keeps the allocated memory in proportion to the
/// input.
const MOST_TIMES: usize = 4;

/// Reads `bytes` as an entry with a payload, and as a payload alone. The payload is read as values
/// of many types, by every codec of this build.
///
/// # Panics
///
/// Panics if a property is violated that must hold for all bytes.
pub fn read_anything(bytes: &[u8]) {
    read_entry(bytes);
    fuzz_values::read_all(bytes);
    #[cfg(feature = "encryption")]
    read_encrypted(bytes);
    // The fuzzer cannot guess a checksum, so the bytes are also read with a correct checksum.
    let mut sealed = bytes.to_vec();
    seal(&mut sealed);
    if sealed != bytes {
        read_entry(&sealed);
    }
}

/// Opens `bytes` as an encrypted entry, message and name, which none of them can be, and asserts that
/// an entry which is encrypted opens to the same bytes.
#[cfg(feature = "encryption")]
fn read_encrypted(bytes: &[u8]) {
    let keys = EncryptionKeys::new("fuzz", [7; 32]).names([8; 32]);
    let sealer = Sealer::new(&keys, "fuzz", true).expect("a key");
    let place = Place {
        kind: "fuzz",
        parts: &[],
    };
    assert_eq!(sealed::open(&sealer, bytes, b"k:a"), None);
    assert_eq!(blob::open(&sealer, place, bytes), None);
    assert_eq!(blob::open_name(&sealer, place, bytes), None);
    let Ok(envelope) = Envelope::parse(bytes) else {
        return;
    };
    // A script writes the flag of the waiters, and nothing else there.
    let mut bytes = bytes.to_vec();
    bytes[5..8].fill(0);
    let hidden = sealed::seal(&sealer, &bytes, b"k:a", <[u8]>::to_vec);
    let hidden = hidden.expect("every entry can be encrypted");
    let opened = sealed::open(&sealer, &hidden, b"k:a").expect("it opens");
    assert_eq!(Envelope::parse(&opened), Ok(envelope));
}

fn read_entry(bytes: &[u8]) {
    match Envelope::parse(bytes) {
        Ok(envelope) => {
            if envelope.payload.length() > MOST_TIMES * bytes.len() {
                return;
            }
            let Some(payload) = envelope.payload.open() else {
                return;
            };
            fuzz_values::read_all(&payload);
            is_written_as_it_was(envelope, &payload, bytes);
        }
        Err(Reject::Vacant) => assert_eq!(bytes.len(), HEAD, "more than a token"),
        Err(Reject::NotOurs | Reject::Format | Reject::Damaged | Reject::Sealed) => {}
    }
}

/// Asserts that an envelope which is written again, with its payload `plain` or compressed, is read
/// as an equal envelope.
fn is_written_as_it_was(envelope: Envelope<'_>, plain: &[u8], bytes: &[u8]) {
    let Ok(function) = std::str::from_utf8(envelope.function) else {
        return;
    };
    let tags: Vec<Box<[u8]>> = envelope.tags.iter().map(|tag| (*tag).into()).collect();
    let draft = Draft {
        codec: envelope.codec,
        fingerprint: envelope.fingerprint,
        origin: bytes[64..72].try_into().unwrap_or_default(),
        fill: envelope.fill,
        grace: envelope.grace,
        life: envelope.life,
        delta: envelope.delta,
        versions: &envelope.versions,
        foreign_versions: &[],
        tags: &tags,
        function,
        key: envelope.key,
        order: envelope.order,
        compress_above: None,
    };
    let payload = |out: &mut Vec<u8>| {
        out.extend(plain);
        Ok::<_, std::convert::Infallible>(())
    };
    let payload = (!envelope.is_absent).then_some(payload);
    let Ok(written) = draft.write(payload);
    let smaller = Draft {
        compress_above: Some(0),
        ..draft
    };
    let Ok(smaller) = smaller.write(payload);
    if envelope.payload == Payload::Plain(plain) {
        assert_eq!(written.bytes.len(), bytes.len());
    }
    let expected = Envelope {
        payload: Payload::Plain(plain),
        ..envelope
    };
    assert_eq!(Envelope::parse(&written.bytes).as_ref(), Ok(&expected));
    let Ok(smaller) = Envelope::parse(&smaller.bytes) else {
        panic!("what was written cannot be read");
    };
    assert_eq!(smaller.payload.open().as_deref(), Some(plain));
    let smaller = Envelope {
        payload: Payload::Plain(plain),
        ..smaller
    };
    assert_eq!(smaller, expected);
}
