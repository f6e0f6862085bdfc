//! The names in a Redis Cluster of entries, versions and the bus, and their slots.
//!
//! A name decides its slot (`docs/decisions/0019-cluster.md`). An entry and the version of its key
//! share a slot, so that one command removes both. The tags and events are in 256 *partitions*. A
//! guard exists once in each partition, beside the tags that it covers, so that a script can compare
//! the guard and read the version of a tag in one step. Everything that has to do with messages is in
//! one slot, the *bus slot*.

use xxhash_rust::xxh3::xxh3_128;

use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::message::NodeId;
use crate::store::redis::cluster::slot::{SLOTS, slot};
use crate::store::redis::subscriber::{ASK, Channels};

/// The number of partitions of tags and guards.
pub(crate) const PARTITIONS: u16 = 256;

/// The length in bytes of the longest name of an entry without its namespace.
const LONGEST: usize = 511;

/// The number of parts into which the replicas of an entry are spread: sixteenths of all slots.
const PARTS: u16 = 16;

/// The names of one cache in a Redis Cluster.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The namespace and a colon.
    prefix: Box<[u8]>,
    /// The name of the channel to all nodes, whose slot is the bus slot.
    bus: Box<[u8]>,
}

/// A name in a Redis Cluster, with its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) key: Vec<u8>,
    pub(crate) slot: u16,
}

impl Placed {
    fn new(key: Vec<u8>) -> Self {
        let slot = slot(&key);
        Self { key, slot }
    }
}

impl Names {
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            prefix: format!("{namespace}:").into_bytes().into(),
            bus: format!("{{{namespace}:bus}}").into_bytes().into(),
        }
    }

    /// Returns the name in the cluster of an entry, a replica, a version or a list of keys. A guard
    /// has one name for each partition, which [`guard`](Self::guard) returns.
    pub(crate) fn full(&self, name: &StoreKey) -> Placed {
        let Some((kind, text)) = name.parts() else {
            return self.unchanged(name);
        };
        if name.is_entry() || name.is_key_version() {
            return self.of_key(kind, text, name.is_long());
        }
        if name.is_tag() {
            return self.in_partition(kind, partition(name), text);
        }
        self.unchanged(name)
    }

    /// Returns the name of the guard of `tag_prefix` in `partition`.
    pub(crate) fn guard(&self, tag_prefix: &[u8], partition: u8) -> Placed {
        self.in_partition("g", partition, tag_prefix)
    }

    /// Returns the names that the removal of `tag` must remove in one command: its guards, the
    /// narrower one first, and then its version.
    pub(crate) fn with_guards(&self, tag: &StoreKey) -> Vec<Placed> {
        let (partition, own) = (partition(tag), tag_prefix(tag));
        let prefixes: &[&[u8]] = if own.is_empty() { &[b""] } else { &[own, b""] };
        let guards = prefixes.iter().map(|it| self.guard(it, partition));
        guards.chain([self.full(tag)]).collect()
    }

    /// Returns the name of the channel to all nodes.
    pub(crate) fn bus(&self) -> &[u8] {
        &self.bus
    }

    /// Returns the slot of all channels, of the marks and of heartbeats.
    pub(crate) fn bus_slot(&self) -> u16 {
        slot(&self.bus)
    }

    /// Returns the name of the channel of one node.
    pub(crate) fn node(&self, node: NodeId) -> Vec<u8> {
        self.on_bus(&node.channel())
    }

    /// Returns the channels to which `node` subscribes.
    pub(crate) fn channels(&self, node: NodeId, has_answers: bool) -> Channels {
        Channels {
            wake: self.wake(),
            bus: self.bus.to_vec(),
            own: self.node(node),
            ask: has_answers.then(|| self.questions()),
            are_sharded: true,
        }
    }

    /// Returns the name of the channel of questions to all nodes.
    pub(crate) fn questions(&self) -> Vec<u8> {
        self.on_bus(ASK)
    }

    /// Returns the name of the channel on which ends of leases are sent.
    pub(crate) fn wake(&self) -> Vec<u8> {
        self.on_bus("wake")
    }

    /// Returns the name of the sorted set of marks of open writes.
    pub(crate) fn marks(&self) -> Vec<u8> {
        self.on_bus("intents")
    }

    /// Returns the name in the bus slot that never has a value.
    pub(crate) fn beat(&self) -> Vec<u8> {
        self.on_bus("beat")
    }

    /// Returns a name that never has a value and whose slot is one of those for which `is_own` is
    /// `true`. Returns `None` if there is no such slot.
    pub(crate) fn unused(&self, is_own: impl Fn(u16) -> bool) -> Option<Vec<u8>> {
        if !(0..SLOTS).any(&is_own) {
            return None;
        }
        let numbered =
            |number: u32| [&*self.prefix, format!("beat:{{{number}}}").as_bytes()].concat();
        let mut candidates = std::iter::once(self.beat()).chain((0..).map(numbered));
        candidates.find(|name| is_own(slot(name)))
    }

    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    fn on_bus(&self, name: &str) -> Vec<u8> {
        [&*self.bus, b":", name.as_bytes()].concat()
    }

    fn unchanged(&self, name: &StoreKey) -> Placed {
        Placed::new([&*self.prefix, name.as_bytes()].concat())
    }

    fn in_partition(&self, kind: &str, partition: u8, text: &[u8]) -> Placed {
        let start = format!("{kind}:{{{partition:02x}}}");
        Placed::new([&*self.prefix, start.as_bytes(), text].concat())
    }

    /// Returns the name of an entry, a replica or a key's version. `kind` and `key` are the parts of
    /// its name.
    fn of_key(&self, kind: &str, key: &[u8], is_long: bool) -> Placed {
        // A `}` would end the counted part too early, and the counted part must not be empty.
        let is_hashed = is_long || key.is_empty() || key.contains(&b'}');
        let hash = is_hashed.then(|| format!("{:032x}", xxh3_128(key)).into_bytes());
        let mut counted = hash.unwrap_or_else(|| key.to_vec());
        if let Some(index) = kind.strip_prefix('c').and_then(|it| it.parse().ok()) {
            counted = spread(index, &counted);
        }
        let mut name = [&*self.prefix, kind.as_bytes(), b":{", &counted, b"}"].concat();
        if is_hashed {
            name.push(b':');
            let room = LONGEST.saturating_sub(name.len() - self.prefix.len());
            name.extend(beginning(key, room));
        }
        Placed::new(name)
    }
}

/// Returns the partition of the version of a tag or of an event: the slot of its name without the
/// namespace, modulo 256.
pub(crate) fn partition(tag: &StoreKey) -> u8 {
    let [_, low] = (slot(tag.as_bytes()) % PARTITIONS).to_be_bytes();
    low
}

/// Returns `counted`, the counted part of an entry's name, with the least number before it that puts
/// the replica `index` into its sixteenth of all slots. Replicas of one entry are in different
/// sixteenths, and those with the first indexes are far from one another.
fn spread(index: u8, counted: &[u8]) -> Vec<u8> {
    let part = |bytes: &[u8]| slot(bytes) / (SLOTS / PARTS);
    let far = u16::from((index % 16).reverse_bits() >> 4);
    let wanted = (part(counted) + far) % PARTS;
    let numbered = |number: u32| [format!("{number}:").as_bytes(), counted].concat();
    let mut candidates = (0..).map(numbered);
    candidates
        .find(|it| part(it) == wanted)
        .unwrap_or_else(|| counted.to_vec())
}

/// Returns the first bytes of `key`, at most `room`. The cut is not inside a character.
fn beginning(key: &[u8], room: usize) -> &[u8] {
    let Some(first_left_out) = key.get(room) else {
        return key;
    };
    let is_inside = |byte: u8| byte & 0xC0 == 0x80;
    if !is_inside(*first_left_out) {
        return &key[..room];
    }
    let start = key[..room].iter().rposition(|byte| !is_inside(*byte));
    // Without a start nearby, the bytes are no UTF-8.
    let near = start.filter(|start| room - start <= 3);
    &key[..near.unwrap_or(room)]
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    fn names() -> Names {
        Names::new("shop")
    }

    fn full(text: &str) -> String {
        let name = names().full(&StoreKey::read(text.as_bytes()));
        String::from_utf8(name.key).expect("text")
    }

    #[test]
    fn names_are_those_of_the_documentation() {
        assert_eq!(full("k:user:42"), "shop:k:{user:42}");
        assert_eq!(full("v:user:42"), "shop:v:{user:42}");
        assert_eq!(full("k:a{b"), "shop:k:{a{b}");
        let hash = |text: &str| format!("{:032x}", xxh3_128(text.as_bytes()));
        assert_eq!(full("k:a}b"), format!("shop:k:{{{}}}:a}}b", hash("a}b")));
        assert_eq!(full("v:"), format!("shop:v:{{{}}}:", hash("")));
        assert_eq!(full("all"), "shop:all");
        assert_eq!(full("f:shop::get_user"), "shop:f:shop::get_user");
        let partition = slot(b"t:org:7") % PARTITIONS;
        assert_eq!(full("t:org:7"), format!("shop:t:{{{partition:02x}}}org:7"));
        let guard = names().guard(b"org:", 7);
        assert_eq!(guard.key, b"shop:g:{07}org:");
        assert_eq!(names().bus(), b"{shop:bus}");
        assert_eq!(names().marks(), b"{shop:bus}:intents");
    }

    #[test]
    fn long_names_are_bounded_and_keep_their_beginning() {
        for kind in ["k", "v", "c7"] {
            let fits = format!("{kind}:{}", "a".repeat(509 - kind.len()));
            assert!(full(&fits).ends_with('}') || kind == "c7", "{fits}");
            for shift in 0..4 {
                let long = format!("{kind}:{}{}", "a".repeat(shift), "\u{1f980}".repeat(300));
                let name = full(&long);
                assert!(name.len() <= 5 + 511 && name.len() > 500, "{}", name.len());
                assert!(name.contains("}:aa") || shift < 2, "{name}");
            }
        }
    }

    #[test]
    fn a_tag_has_the_slot_of_its_guards() {
        for tag in ["t:org:7", "t:users", "e:sold", "t:", "e:{a}b"] {
            let removed = names().with_guards(&StoreKey::read(tag.as_bytes()));
            assert!(removed.iter().all(|it| it.slot == removed[0].slot), "{tag}");
            let last = removed.last().expect("the tag");
            assert_eq!(String::from_utf8_lossy(&last.key), full(tag));
        }
        let removed = names().with_guards(&StoreKey::read(b"t:org:7"));
        let partition = partition(&StoreKey::read(b"t:org:7"));
        let guards = [b"org:", &b""[..]].map(|it| names().guard(it, partition));
        assert_eq!(removed[..2], guards);
    }

    #[test]
    fn everything_of_the_bus_has_one_slot() {
        let names = names();
        let node = names.node(NodeId([7; 16]));
        for name in [names.wake(), names.marks(), names.beat(), node] {
            assert_eq!(slot(&name), names.bus_slot());
        }
    }

    #[test]
    fn an_unused_name_is_found_for_every_master() {
        let names = names();
        let bus = names.bus_slot();
        assert_eq!(names.unused(|_| true), Some(names.beat()));
        assert_eq!(names.unused(|_| false), None);
        for wanted in [0, bus, (bus + 1) % SLOTS, SLOTS - 1] {
            let name = names.unused(|it| it == wanted);
            assert_eq!(name.map(|name| slot(&name)), Some(wanted));
        }
    }

    #[test]
    fn replicas_are_in_different_parts_of_the_cluster() {
        for key in ["user:42", "a}b", ""] {
            let part = |index: u8| {
                let kind = if index == 0 {
                    "k".to_owned()
                } else {
                    format!("c{index}")
                };
                let name = StoreKey::read(format!("{kind}:{key}").as_bytes());
                names().full(&name).slot / (SLOTS / PARTS)
            };
            let parts: HashSet<_> = (0..16).map(part).collect();
            assert_eq!(parts.len(), 16, "{key}");
            let halves: HashSet<_> = (0..2).map(|index| part(index) / 8).collect();
            assert_eq!(halves.len(), 2, "{key}");
        }
    }

    /// The greatest share of one of `masters` in the reads of an entry with so many copies, in
    /// percent, on average over many entries. Each master has the same number of slots.
    fn busiest(copies: u8, masters: usize) -> f64 {
        const KEYS: u32 = 1_000;
        let names = names();
        let most = |key: u32| {
            let mut counts = vec![0_u32; masters];
            for index in 0..copies {
                let kind = if index == 0 {
                    "k"
                } else {
                    &format!("c{index}")
                };
                let name = StoreKey::read(format!("{kind}:user:{key}").as_bytes());
                let slot = usize::from(names.full(&name).slot);
                counts[slot * masters / usize::from(SLOTS)] += 1;
            }
            counts.into_iter().max().unwrap_or_default()
        };
        let sum: u32 = (0..KEYS).map(most).sum();
        f64::from(sum) * 100.0 / f64::from(KEYS * u32::from(copies))
    }

    #[test]
    fn replicas_spread_the_reads_of_an_entry() {
        for (copies, masters, share) in [(1, 3, 100.0), (4, 3, 50.0), (8, 3, 38.0), (4, 6, 25.0)] {
            let busiest = busiest(copies, masters);
            assert!(
                (busiest - share).abs() < 1.0,
                "{copies} on {masters}: {busiest}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_entry_has_the_slot_of_its_version(key in prop::collection::vec(any::<u8>(), 0..600)) {
            let of = |kind: &str| {
                let name = StoreKey::read(&[kind.as_bytes(), &key].concat());
                names().full(&name)
            };
            prop_assert_eq!(of("k:").slot, of("v:").slot);
        }

        #[test]
        fn two_names_are_never_one(texts in prop::collection::vec("[kvtefc]1?:[ab:{}]{0,6}", 2..40)) {
            let mut seen = HashMap::new();
            for text in texts {
                let name = full(&text);
                let other = seen.insert(name.clone(), text.clone());
                prop_assert!(other.is_none_or(|other| other == text), "{name}");
            }
        }
    }
}
