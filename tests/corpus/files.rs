//! What the corpus is made of.

use cachekit_tests::entry::{Entry, seal};

use crate::payloads;

/// Every file: its name, and its bytes.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let mut files = entries();
    files.extend(damaged());
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
        ("sealed-every-flag", with(3, &[0xff])),
        ("sealed-order-missing", with(3, &[5])),
        ("sealed-function-not-text", with(220, &[0xff, 0xfe])),
        ("sealed-longer", longer),
    ]);
    cut.into_iter().chain(flipped).chain(sealed).collect()
}

fn named<const N: usize>(files: [(&str, Vec<u8>); N]) -> Vec<(String, Vec<u8>)> {
    let named = files
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), bytes));
    named.collect()
}
