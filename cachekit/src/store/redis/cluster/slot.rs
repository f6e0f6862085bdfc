//! The slots of a Redis Cluster: each key belongs to one slot, and each slot to one master.

/// The number of slots of a Redis Cluster.
pub(crate) const SLOTS: u16 = 16_384;

/// The polynomial of the CRC-16 of a Redis Cluster (XMODEM).
const POLYNOMIAL: u16 = 0x1021;

const TABLE: [u16; 256] = table();

/// Returns the slot of `key`. If `key` has a `{` and, later, a `}`, only the bytes between the first
/// `{` and the next `}` count, unless there are none.
pub(crate) fn slot(key: &[u8]) -> u16 {
    crc16(counted(key)) % SLOTS
}

/// Returns the part of `key` that decides its slot.
fn counted(key: &[u8]) -> &[u8] {
    let position = |bytes: &[u8], wanted| bytes.iter().position(|byte| *byte == wanted);
    let inner = position(key, b'{').and_then(|open| {
        let rest = &key[open + 1..];
        position(rest, b'}').map(|close| &rest[..close])
    });
    inner.filter(|inner| !inner.is_empty()).unwrap_or(key)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let [high, _] = crc.to_be_bytes();
        (crc << 8) ^ TABLE[usize::from(high ^ byte)]
    })
}

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let (mut at, mut byte) = (0, 0);
    while at < table.len() {
        table[at] = of_byte(byte << 8);
        at += 1;
        byte += 1;
    }
    table
}

const fn of_byte(mut crc: u16) -> u16 {
    let mut bit = 0;
    while bit < 8 {
        let carry = crc & 0x8000 != 0;
        crc <<= 1;
        if carry {
            crc ^= POLYNOMIAL;
        }
        bit += 1;
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with the documented value. `store/tests/conformance/in_cluster.rs` asks a server.
    #[test]
    fn the_slot_is_that_of_a_server() {
        for (key, wanted) in [
            ("123456789", 12_739),
            ("", 0),
            ("shop:k:{user:42}", slot(b"user:42")),
            ("{}a", slot(b"{}a")),
            ("a{}{b}", slot(b"a{}{b}")),
            ("a{{b}}", slot(b"{b")),
            ("a{b", slot(b"a{b")),
            ("}a{b}{c}", slot(b"b")),
        ] {
            assert_eq!(slot(key.as_bytes()), wanted, "{key}");
        }
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }
}
