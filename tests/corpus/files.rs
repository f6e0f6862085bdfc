//! The contents of the corpus.

use cachekit_tests::entry::{Entry, PACKED, packed, repeated, seal};

use crate::payloads;

/// Every file: its name, and its bytes.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let mut files = entries();
    files.extend(damaged());
    files.extend(compressed());
    for (name, payload) in payloads::all() {
        // Alone most of them: behind a checksum the fuzzer would change nothing of them.
        if name.ends_with("-flat") {
            files.push((format!("entry-{name}"), entry(codec(&name), &payload)));
        }
        files.push((name, payload));
    }
    files
}

fn codec(name: &str) -> u8 {
    match name {
        name if name.starts_with("msgpack") => 2,
        name if name.starts_with("json") => 3,
        _ => 1,
    }
}

fn golden(payload: Option<&[u8]>) -> Entry<'_> {
    Entry {
        codec: 1,
        tags: &["t:users", "t:org:7"],
        function: "shop::get_user",
        key: "user:42",
        payload,
        order: None,
    }
}

fn entry(codec: u8, payload: &[u8]) -> Vec<u8> {
    let entry = Entry {
        codec,
        ..golden(Some(payload))
    };
    entry.bytes()
}

/// Good ones.
fn entries() -> Vec<(String, Vec<u8>)> {
    let value = golden(Some(b"value")).bytes();
    let mut vacant = value[..56].to_vec();
    vacant[3] = 0;
    let tags: Vec<String> = (0..100).map(|n| format!("t:tag:{n}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let many = Entry {
        tags: &tags,
        ..golden(Some(b"\x01"))
    };
    let ordered = Entry {
        order: Some(7),
        ..golden(Some(b"value"))
    };
    let bare = Entry {
        tags: &[],
        function: "",
        key: "",
        ..golden(Some(b""))
    };
    named([
        ("entry-value", value),
        ("entry-absence", golden(None).bytes()),
        ("entry-vacant", vacant),
        ("entry-many-tags", many.bytes()),
        ("entry-bare", bare.bytes()),
        ("entry-ordered", ordered.bytes()),
        ("entry-unknown-codec", entry(200, b"value")),
    ])
}

fn damaged() -> Vec<(String, Vec<u8>)> {
    let value = golden(Some(b"value")).bytes();
    let cut = [0, 3, 55, 56, 57, 98, 194, 200];
    let cut = cut.map(|length| (format!("cut-{length}"), value[..length].to_vec()));
    let flipped = [2, 3, 4, 30, 60, 90, 97, 120, 196];
    let flipped = flipped.map(|at| {
        let mut flipped = value.clone();
        flipped[at] ^= 0x10;
        (format!("flipped-{at}"), flipped)
    });
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = value.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        seal(&mut changed);
        changed
    };
    let mut longer = value.clone();
    longer.extend(b"more");
    seal(&mut longer);
    let sealed = named([
        ("sealed-no-versions", with(96, &[0, 0])),
        ("sealed-fewer-versions", with(96, &[3, 0])),
        ("sealed-most-versions", with(96, &[0xff, 0xff])),
        ("sealed-huge-tag", with(194, &[0xff; 4])),
        ("sealed-huge-payload", with(245, &[0xff, 0xff, 0xff, 0x7f])),
        ("sealed-endless-grace", with(48, &[0xff; 8])),
        ("sealed-endless-life", with(72, &[0xff; 16])),
        ("sealed-absence-with-payload", with(3, &[3])),
        ("sealed-every-flag", with(3, &[7])),
        ("sealed-unknown-flag", with(3, &[9])),
        ("sealed-order-missing", with(3, &[5])),
        ("sealed-function-not-text", with(220, &[0xff, 0xfe])),
        ("sealed-longer", longer),
    ]);
    cut.into_iter().chain(flipped).chain(sealed).collect()
}

/// A text of 700 bytes as bincode writes it, compressed; and what is wrong with one.
fn compressed() -> Vec<(String, Vec<u8>)> {
    const LENGTH: usize = 3 + 700;
    let good = repeated(b"\xfb\xbc\x02", b'x', 700);
    let mut far = good.clone();
    far[5] = 200;
    let mut near = good.clone();
    near[5] = 0;
    let mut endless = good[..7].to_vec();
    endless.extend([0xff; 300]);
    let json = br#"{"id":7,"name":"Ann","flag":true,"letter":"x","bytes":[1,2]}"#;
    // All of it literals: 15 and 45 more.
    let literals = [&b"\xf0\x2d"[..], json].concat();
    let entry = |codec: u8, payload: Vec<u8>| entry(PACKED + codec, &payload);
    let wrong = |length, block: &[u8]| entry(1, packed(length, block));
    let mut absence = golden(None).bytes();
    absence[4] += PACKED;
    seal(&mut absence);
    named([
        ("compressed-text", wrong(LENGTH, &good)),
        (
            "compressed-literals",
            entry(3, packed(json.len(), &literals)),
        ),
        ("compressed-nothing", wrong(0, b"\0")),
        ("compressed-no-block", wrong(0, b"")),
        ("compressed-no-length", entry(1, b"\x01\0\0".to_vec())),
        ("compressed-absence", absence),
        ("compressed-shorter", wrong(LENGTH - 1, &good)),
        ("compressed-longer", wrong(LENGTH + 1, &good)),
        ("compressed-huge", wrong(u32::MAX as usize, &good)),
        ("compressed-cut", wrong(LENGTH, &good[..good.len() - 3])),
        ("compressed-from-before-the-start", wrong(LENGTH, &far)),
        ("compressed-from-itself", wrong(LENGTH, &near)),
        ("compressed-endless-match", wrong(LENGTH, &endless)),
        ("compressed-endless-literals", wrong(LENGTH, &[0xff; 300])),
    ])
}

fn named<const N: usize>(files: [(&str, Vec<u8>); N]) -> Vec<(String, Vec<u8>)> {
    let named = files
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), bytes));
    named.collect()
}
