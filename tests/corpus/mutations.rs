//! Mutated inputs, which are equal in every run.

use fastrand::Rng;

/// Longer inputs tell nothing new.
const LONGEST: usize = 8 << 10;

/// Bytes that mean something to somebody: lengths, markers and brackets.
const TELLING: &[u8] = b"\x00\x01\x02\x38\x7f\x80\x81\x91\xa1\xc0\xc1\xc4\xc6\xcb\xd9\xdb\xdc\xdd\xde\xdf\xfa\xfb\xfc\xfd\xfe\xff{}[]\":,-.0e\\u";

/// Mutations of `corpus`, without end.
pub(crate) fn of(
    corpus: Vec<(String, Vec<u8>)>,
    seed: u64,
) -> impl Iterator<Item = (String, Vec<u8>)> {
    let mut random = Rng::with_seed(seed);
    std::iter::repeat_with(move || {
        let (name, bytes) = &corpus[random.usize(..corpus.len())];
        let other = &corpus[random.usize(..corpus.len())].1;
        let mut bytes = bytes.clone();
        for _ in 0..random.usize(1..5) {
            change(&mut bytes, other, &mut random);
        }
        bytes.truncate(LONGEST);
        (format!("a mutation of {name}"), bytes)
    })
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Rng) {
    let at = random.usize(..=bytes.len());
    let end = at + random.usize(..=(bytes.len() - at).min(32));
    match random.u8(..7) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
        1 if at < bytes.len() => bytes[at] = TELLING[random.usize(..TELLING.len())],
        2 => {
            bytes.drain(at..end);
        }
        3 => {
            let copy = bytes[at..end].repeat(random.usize(1..9));
            bytes.splice(at..at, copy);
        }
        4 => {
            let new = std::iter::repeat_with(|| random.u8(..)).take(end - at);
            let new: Vec<u8> = new.collect();
            bytes.splice(at..end, new);
        }
        5 => {
            let from = random.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend(&other[from..]);
        }
        _ => length(bytes, at, random),
    }
}

/// Writes a length over what stands at `at`, small or huge, in either order of bytes.
fn length(bytes: &mut [u8], at: usize, random: &mut Rng) {
    let length = random.u64(..) >> random.u32(..64);
    let size = [2, 4, 8][random.usize(..3)];
    let written = if random.bool() {
        length.to_le_bytes()[..size].to_vec()
    } else {
        length.to_be_bytes()[8 - size..].to_vec()
    };
    for (byte, new) in bytes.iter_mut().skip(at).zip(written) {
        *byte = new;
    }
}
