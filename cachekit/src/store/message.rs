//! Messages between nodes.
//!
//! Messages in two forms arrive on one channel. Nodes write bytes: `CK`, the version of this
//! format, the sender and names. Other programs write lines of text (`docs/format.md`):
//!
//! ```text
//! invalidate
//! tag org:7
//! event product.updated id=7
//! ```
//!
//! The first line `invalidate soft` makes a soft invalidation of the lines after it.
//!
//! A node does not ignore a message in another form: after such a message, the node validates its
//! entries in memory again before it serves them.

pub(crate) mod text_protocol;

use std::fmt::Write as _;

use crate::encoding::envelope::Token;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::question::Question;
use crate::store::key_name::StoreKey;
use crate::store::message::text_protocol::CommandTarget;

/// The random identity of a node, which is one cache in one process. A node keeps its identity
/// until its cache is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) [u8; 16]);

impl NodeId {
    /// Makes a random identity of 16 bytes, which no other node has.
    pub(crate) fn random() -> Self {
        Self(Token::random().0)
    }

    /// Returns the name, without the namespace, of the Redis channel to which only this node
    /// subscribes.
    pub(crate) fn channel(self) -> String {
        let mut name = "node:".to_owned();
        for byte in &self.0 {
            // Writing to a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }
}

/// A message on the bus, from a node or from another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BusMessage {
    /// The node `from` invalidated `names`. If `ack` is a number, each node that has applied the
    /// invalidation sends an `Applied` message with that number to `from`.
    Invalidated {
        from: NodeId,
        ack: Option<u64>,
        mode: InvalidationMode,
        names: Vec<StoreKey>,
    },
    /// The node `from` stored values under `names` by writes with an order (`order_by`), so the
    /// values under `names` in other nodes' memory are outdated. Running writes with an order on
    /// other nodes may still store their values.
    WriteApplied { from: NodeId, names: Vec<StoreKey> },
    /// The hello of the node `from`: the node may serve from memory, for as long as its heartbeats
    /// come back to it.
    Hello { from: NodeId },
    /// The goodbye of the node `from`: the node never serves from memory again.
    Goodbye { from: NodeId },
    /// The acknowledgement of the node `by`: `by` has applied the invalidation that the receiving
    /// node sent with the number `ack`.
    Applied { by: NodeId, ack: u64 },
    /// The heartbeat of a node to itself, sent at the time `sent` for the bus subscription with the
    /// number `subscription`. When the heartbeat arrives, every message that the server published
    /// before the heartbeat on that subscription has arrived too.
    Heartbeat { subscription: u64, sent: u64 },
    /// A question with the number `number`, which the node `from` asks all nodes. Each node that
    /// answers sends an `Answer` with that number to `from`.
    Ask {
        from: NodeId,
        number: u64,
        question: Question,
    },
    /// The answer of the node `by` to the receiving node's question with the number `number`.
    Answer {
        by: NodeId,
        number: u64,
        text: Vec<u8>,
    },
    /// A message that is encrypted. Only a node with a key of its sender can open it.
    Sealed(Vec<u8>),
    /// An invalidation that another program requests by a text message.
    ExternalCommand(InvalidationMode, Vec<CommandTarget>),
}

const FORMAT: &[u8] = b"CK\x02";

/// The bit in the flags byte of an `Invalidated` message by which the sender requests
/// acknowledgements. The bit `IS_SOFT` of that byte marks a soft invalidation.
const WANTS_ACK: u8 = 1;
const IS_SOFT: u8 = 2;

impl BusMessage {
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = FORMAT.to_vec();
        match self {
            Self::Invalidated {
                from,
                ack,
                mode,
                names,
            } => {
                out.push(b'i');
                out.extend(from.0);
                let is_soft = *mode == InvalidationMode::Soft;
                out.push(u8::from(ack.is_some()) * WANTS_ACK + u8::from(is_soft) * IS_SOFT);
                out.extend(ack.unwrap_or_default().to_le_bytes());
                write_names(&mut out, names);
            }
            Self::WriteApplied { from, names } => {
                out.push(b'w');
                out.extend(from.0);
                write_names(&mut out, names);
            }
            Self::Hello { from } => out.extend([b"h", &from.0[..]].concat()),
            Self::Goodbye { from } => out.extend([b"g", &from.0[..]].concat()),
            Self::Applied { by, ack } => {
                out.push(b'a');
                out.extend(by.0);
                out.extend(ack.to_le_bytes());
            }
            Self::Heartbeat { subscription, sent } => {
                out.push(b'e');
                out.extend(subscription.to_le_bytes());
                out.extend(sent.to_le_bytes());
            }
            Self::Ask {
                from,
                number,
                question,
            } => {
                out.push(b'q');
                out.extend(from.0);
                out.extend(number.to_le_bytes());
                out.push(question.code());
            }
            Self::Answer { by, number, text } => {
                out.push(b'r');
                out.extend(by.0);
                out.extend(number.to_le_bytes());
                out.extend(text);
            }
            Self::Sealed(bytes) => out.extend([b"s", &bytes[..]].concat()),
            Self::ExternalCommand(..) => {}
        }
        out
    }

    /// Parses a bus message from its bytes. Returns `None` if the bytes have an unknown form.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let Some(rest) = bytes.strip_prefix(FORMAT) else {
            let (mode, requests) = text_protocol::parse_command(str::from_utf8(bytes).ok()?)?;
            return Some(Self::ExternalCommand(mode, requests));
        };
        let (kind, mut rest) = rest.split_first()?;
        let rest = &mut rest;
        let message = match kind {
            b'i' => {
                let from = NodeId(take(rest)?);
                let [flags] = take(rest)?;
                let ack = u64::from_le_bytes(take(rest)?);
                let has = |flag| flags & flag != 0;
                // A message with unknown flags may mean anything, so it counts as unknown.
                let is_known = flags & !(WANTS_ACK | IS_SOFT) == 0;
                is_known.then_some(Self::Invalidated {
                    from,
                    ack: has(WANTS_ACK).then_some(ack),
                    mode: if has(IS_SOFT) {
                        InvalidationMode::Soft
                    } else {
                        InvalidationMode::Hard
                    },
                    names: read_names(rest)?,
                })?
            }
            b'w' => Self::WriteApplied {
                from: NodeId(take(rest)?),
                names: read_names(rest)?,
            },
            b'h' => Self::Hello {
                from: NodeId(take(rest)?),
            },
            b'g' => Self::Goodbye {
                from: NodeId(take(rest)?),
            },
            b'a' => Self::Applied {
                by: NodeId(take(rest)?),
                ack: u64::from_le_bytes(take(rest)?),
            },
            b'e' => Self::Heartbeat {
                subscription: u64::from_le_bytes(take(rest)?),
                sent: u64::from_le_bytes(take(rest)?),
            },
            b'q' => Self::Ask {
                from: NodeId(take(rest)?),
                number: u64::from_le_bytes(take(rest)?),
                question: {
                    let [code] = take(rest)?;
                    Question::of_code(code)?
                },
            },
            b's' => Self::Sealed(std::mem::take(rest).to_vec()),
            b'r' => Self::Answer {
                by: NodeId(take(rest)?),
                number: u64::from_le_bytes(take(rest)?),
                text: std::mem::take(rest).to_vec(),
            },
            _ => return None,
        };
        rest.is_empty().then_some(message)
    }
}

/// Appends `names` to `out`, each with its length before it.
pub(crate) fn write_names(out: &mut Vec<u8>, names: &[StoreKey]) {
    for name in names {
        let bytes = name.as_bytes();
        out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(bytes);
    }
}

/// Reads names until the bytes of `rest` end. Returns `None` if a name is cut short.
pub(crate) fn read_names(rest: &mut &[u8]) -> Option<Vec<StoreKey>> {
    let mut names = Vec::new();
    while !rest.is_empty() {
        let length = usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?;
        let (name, after) = rest.split_at_checked(length)?;
        names.push(StoreKey::read(name));
        *rest = after;
    }
    Some(names)
}

/// Takes the next bytes from `rest`. Returns `None` if too few are left.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some() -> [BusMessage; 11] {
        let node = NodeId([7; 16]);
        let names = vec![
            StoreKey::read(b"k:user:1"),
            StoreKey::read(b""),
            StoreKey::read(b"t:org:7"),
        ];
        [
            BusMessage::Invalidated {
                from: node,
                ack: None,
                mode: InvalidationMode::Hard,
                names: names.clone(),
            },
            BusMessage::Invalidated {
                from: node,
                ack: Some(9),
                mode: InvalidationMode::Hard,
                names: names.clone(),
            },
            BusMessage::Invalidated {
                from: node,
                ack: Some(9),
                mode: InvalidationMode::Soft,
                names: names.clone(),
            },
            BusMessage::WriteApplied { from: node, names },
            BusMessage::Hello { from: node },
            BusMessage::Goodbye { from: node },
            BusMessage::Applied { by: node, ack: 9 },
            BusMessage::Heartbeat {
                subscription: 3,
                sent: u64::MAX,
            },
            BusMessage::Ask {
                from: node,
                number: 9,
                question: Question::Config,
            },
            BusMessage::Answer {
                by: node,
                number: 9,
                text: b"{}".to_vec(),
            },
            BusMessage::Sealed(b"CKE".to_vec()),
        ]
    }

    #[test]
    fn what_was_written_is_read_and_nothing_less() {
        for message in some() {
            let bytes = message.write();
            assert_eq!(BusMessage::read(&bytes), Some(message.clone()));
            for length in 0..bytes.len() {
                assert_ne!(
                    BusMessage::read(&bytes[..length]),
                    Some(message.clone()),
                    "{length}"
                );
            }
        }
    }

    /// Pins the bytes of a bus message. Nodes with older and newer versions of the program read
    /// each other's messages, so a new layout of the bytes needs a new format number.
    #[test]
    fn the_form_is_pinned() {
        let node = "07".repeat(16);
        let names = "08000000 6b3a757365723a31 00000000 07000000 743a6f72673a37";
        let ack = "0900000000000000";
        let written = some().map(|message| message.write());
        let pinned = [
            format!("69 {node} 00 0000000000000000 {names}"),
            format!("69 {node} 01 {ack} {names}"),
            format!("69 {node} 03 {ack} {names}"),
            format!("77 {node} {names}"),
            format!("68 {node}"),
            format!("67 {node}"),
            format!("61 {node} {ack}"),
            "65 0300000000000000 ffffffffffffffff".to_owned(),
            format!("71 {node} {ack} 63"),
            format!("72 {node} {ack} 7b7d"),
            "73 434b45".to_owned(),
        ];
        for (bytes, pinned) in written.iter().zip(pinned) {
            let mut shown = String::new();
            for byte in bytes {
                let _ = write!(shown, "{byte:02x}");
            }
            assert_eq!(shown, format!("434b02{}", pinned.replace(' ', "")));
        }
    }

    /// Tests that a node treats a message in the previous format as unknown.
    #[test]
    fn messages_of_the_form_before_are_unknown() {
        for message in some() {
            let mut bytes = message.write();
            bytes[2] = 1;
            assert_eq!(BusMessage::read(&bytes), None, "{message:?}");
        }
        let count = [&b"CK\x01c"[..], &[7; 16], &[0; 8]].concat();
        assert_eq!(BusMessage::read(&count), None);
        let mut now = count;
        now[2] = 2;
        assert_eq!(BusMessage::read(&now), None, "nor is it of this form");
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        for text in [
            "",
            "hello",
            "invalidate\nentry x",
            "invalidate hard\nall",
            "invalidate\nsoft\nall",
            "invalidate\nevent a b",
            "CK\x03i",
        ] {
            assert_eq!(BusMessage::read(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = BusMessage::read(&bytes);
            let mut ours = FORMAT.to_vec();
            ours.extend(bytes);
            let _ = BusMessage::read(&ours);
        }
    }
}
