//! Payloads of each codec: values of the types that are read, and harmful bytes.

/// Every payload, with a name that begins with its codec.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    let all = [bincode(), msgpack(), json()];
    let named = all.into_iter().flatten();
    named
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .collect()
}

/// A length as bincode writes a huge one.
fn huge() -> Vec<u8> {
    [&[253][..], &[0xff; 8]].concat()
}

fn bincode() -> Vec<(&'static str, Vec<u8>)> {
    let flat = b"\x07\x03Ann\x01x\x02\x01\x02";
    let mut squared = vec![251, 200, 0];
    squared.extend([251, 200, 0].repeat(200));
    vec![
        ("bincode-flat", flat.to_vec()),
        (
            "bincode-nested",
            [&b"\x01"[..], flat, b"\x01\x0e\x01\x02\x03\x01\x02no"].concat(),
        ),
        ("bincode-tree", b"\x02\x02\x00\x05\x01\x00\x06\x00".to_vec()),
        ("bincode-choice", b"\x02\x09\x0a".to_vec()),
        ("bincode-duration", b"\x05\xfc\xff\xff\xff\xff".to_vec()),
        ("bincode-most-seconds", [&huge()[..], &[0]].concat()),
        ("bincode-huge", huge()),
        // Less than what bincode itself refuses.
        ("bincode-large", b"\xfc\0\0\0\x01".to_vec()),
        (
            "bincode-huge-and-a-little",
            [&huge()[..], &[7; 40]].concat(),
        ),
        ("bincode-wasteful", b"\xfd\x05\0\0\0\0\0\0\0".to_vec()),
        ("bincode-lengths-squared", squared),
        ("bincode-deep-list", vec![1; 2_000]),
        ("bincode-deep-tree", [2, 1].repeat(1_000)),
        ("bincode-almost-too-deep", [&[1; 60][..], &[0]].concat()),
        ("bincode-bad-text", b"\x02\xff\xfe".to_vec()),
    ]
}

fn msgpack() -> Vec<(&'static str, Vec<u8>)> {
    let flat = b"\x85\xa2id\x07\xa4name\xa3Ann\xa4flag\xc3\xa6letter\xa1x\xa5bytes\x92\x01\x02";
    vec![
        ("msgpack-flat", flat.to_vec()),
        ("msgpack-tree", b"\x81\xa3One\x81\xa4Leaf\x05".to_vec()),
        (
            "msgpack-choice",
            b"\x81\xa5Named\x82\xa1a\xcb\x7f\xf0\0\0\0\0\0\0\xa1b\xc0".to_vec(),
        ),
        (
            "msgpack-tagged",
            b"\x82\xa4type\xa5Other\xa6inside\x82\xa4type\xa5Other\xa6inside\xc0".to_vec(),
        ),
        ("msgpack-flattened", b"\x82\xa2id\x01\xa1a\x91\x02".to_vec()),
        (
            "msgpack-not-a-number",
            b"\xcb\x7f\xf4\0\0\0\0\0\x01".to_vec(),
        ),
        ("msgpack-bytes", b"\xc4\x03abc".to_vec()),
        ("msgpack-extension", b"\xd6\x01abcd".to_vec()),
        ("msgpack-huge-text", b"\xdb\xff\xff\xff\xff".to_vec()),
        ("msgpack-huge-bytes", b"\xc6\x7f\xff\xff\xff\0\0".to_vec()),
        (
            "msgpack-huge-list",
            b"\xdd\xff\xff\xff\xff\x01\x01".to_vec(),
        ),
        (
            "msgpack-huge-map",
            b"\xdf\xff\xff\xff\xff\xa1a\x01".to_vec(),
        ),
        (
            "msgpack-huge-extension",
            b"\xc9\xff\xff\xff\xff\x01".to_vec(),
        ),
        ("msgpack-one-for-ever", vec![1]),
        ("msgpack-deep-list", b"\x81\xa4next".repeat(400)),
        (
            "msgpack-deep-tree",
            b"\x81\xa4Many\x81\xa2of\x91".repeat(150),
        ),
        ("msgpack-deep-anything", vec![0x91; 1_000]),
        ("msgpack-deep-maps", b"\x81\xa1a".repeat(300)),
    ]
}

fn json() -> Vec<(&'static str, Vec<u8>)> {
    let flat = br#"{"id":7,"name":"Ann","flag":true,"letter":"x","bytes":[1,2]}"#;
    vec![
        ("json-flat", flat.to_vec()),
        (
            "json-tree",
            br#"{"Many":{"of":[{"Leaf":5}],"or":null}}"#.to_vec(),
        ),
        (
            "json-tagged",
            br#"{"type":"Other","inside":{"type":"Other","inside":null}}"#.to_vec(),
        ),
        ("json-flattened", br#"{"id":1,"a":["b",{"c":2}]}"#.to_vec()),
        ("json-escapes", br#""\ud83e\udd80\u0000\ud800""#.to_vec()),
        ("json-numbers", b"[1e308,-0.0,5e-324,0.1,1e400]".to_vec()),
        ("json-long-number", vec![b'9'; 400]),
        ("json-nothing", b"null".to_vec()),
        ("json-addresses", br#"["1.2.3.4","::1"]"#.to_vec()),
        ("json-deep-list", br#"{"next":"#.repeat(300)),
        ("json-deep-anything", b"[".repeat(2_000)),
        (
            "json-deep-and-whole",
            [b"[".repeat(100), b"]".repeat(100)].concat(),
        ),
    ]
}
