//! The masters of a Redis Cluster and their slots, from the answers of several nodes.

use std::ops::RangeInclusive;

use crate::store::redis::cluster::slot::SLOTS;
use crate::store::redis::place::Place;

/// The number in [`SlotMap`] of a slot that no master has.
const NOBODY: u16 = u16::MAX;

/// A master as one node knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Master {
    pub(crate) place: Place,
    /// The place by which servers name this master, if `place` has the name of its host instead.
    pub(crate) by_number: Option<Place>,
    /// The number that grows whenever the master gets slots. Of two masters that claim a slot, the
    /// one with the greater number has it.
    pub(crate) epoch: u64,
    pub(crate) slots: Vec<RangeInclusive<u16>>,
}

/// Parses `text`, the answer of the node at `place` to `CLUSTER NODES`, and returns the masters. Lines
/// in another form are left out, and so are nodes without an address, and failed masters that have
/// lost their slots. If `wants_names`, a node that tells the name of its host has this name in its
/// place, because its certificate has names rather than numbers.
pub(crate) fn masters(text: &str, place: &Place, wants_names: bool) -> Vec<Master> {
    text.lines()
        .filter_map(|line| master(line, place, wants_names))
        .collect()
}

/// Parses a line such as `ID 127.0.0.1:7000@17000,HOST myself,master - 0 0 3 connected 0-5460`.
fn master(line: &str, asked: &Place, wants_names: bool) -> Option<Master> {
    let mut words = line.split_ascii_whitespace();
    let _id = words.next()?;
    let address = words.next()?;
    let words_of_flags = words.next()?;
    let mut flags = words_of_flags.split(',');
    let is_usable = |flag: &str| !["handshake", "noaddr", "slave"].contains(&flag);
    let is_master = flags.clone().any(|flag| flag == "master") && flags.all(is_usable);
    let has_failed = words_of_flags.split(',').any(|flag| flag == "fail");
    let [_replica_of, _ping, _pong] = [words.next()?, words.next()?, words.next()?];
    let epoch = words.next()?.parse().ok()?;
    let _link = words.next()?;
    if !is_master {
        return None;
    }
    // The port of the cluster bus and the name of the host follow the address.
    let end = address.find(['@', ',']).unwrap_or(address.len());
    let mut place = Place::read(&address[..end])?;
    if place.host.is_empty() {
        // A node does not know its own address before another node has met it.
        place.host.clone_from(&asked.host);
    }
    let name = address.split(',').nth(1).filter(|name| !name.is_empty());
    let by_number = name.filter(|_| wants_names).map(|name| {
        let by_number = place.clone();
        name.clone_into(&mut place.host);
        by_number
    });
    // Slots that move are in brackets, and still belong to the masters that list them.
    let slots = words.filter(|word| !word.starts_with('['));
    let slots: Vec<_> = slots.map(range).collect::<Option<_>>()?;
    let is_needed = !has_failed || !slots.is_empty();
    is_needed.then_some(Master {
        place,
        by_number,
        epoch,
        slots,
    })
}

/// Parses `0-5460`, or the number of a single slot.
fn range(word: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let slot = |text: &str| text.parse().ok().filter(|slot| *slot < SLOTS);
    Some(slot(first)?..=slot(last)?)
}

/// The master of each slot, as this process knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlotMap {
    /// The masters, also those without slots.
    masters: Vec<Place>,
    /// The masters in `masters` that servers name in another way: their place there, and that here.
    names: Vec<(Place, Place)>,
    /// For each slot, the position of its master in `masters`, or [`NOBODY`].
    owners: Box<[u16]>,
}

impl Default for SlotMap {
    fn default() -> Self {
        Self {
            masters: Vec::new(),
            names: Vec::new(),
            owners: vec![NOBODY; usize::from(SLOTS)].into(),
        }
    }
}

impl SlotMap {
    /// Combines the answers `views` of several nodes. Of several masters that claim a slot, the one
    /// with the greatest epoch has it, because it got the slot last.
    pub(crate) fn of(views: &[Vec<Master>]) -> Self {
        let mut map = Self::default();
        let mut masters: Vec<_> = views.iter().flatten().collect();
        // Two maps of the same masters are equal, whatever the order of the answers.
        masters.sort_by(|one, other| one.place.cmp(&other.place));
        let mut epochs = vec![0; usize::from(SLOTS)];
        for master in masters {
            let number = map.number(&master.place);
            let by_number = master.by_number.clone();
            let name = by_number.map(|by_number| (by_number, master.place.clone()));
            map.names
                .extend(name.filter(|name| !map.names.contains(name)));
            for slot in master.slots.iter().cloned().flatten() {
                let (slot, epoch) = (usize::from(slot), master.epoch.saturating_add(1));
                if epoch > epochs[slot] {
                    epochs[slot] = epoch;
                    map.owners[slot] = number;
                }
            }
        }
        map
    }

    /// Returns the master of `slot`, or `None` if this process knows none.
    pub(crate) fn master(&self, slot: u16) -> Option<&Place> {
        let number = self.owners.get(usize::from(slot))?;
        self.masters.get(usize::from(*number))
    }

    /// Returns all masters, also those without slots.
    pub(crate) fn masters(&self) -> &[Place] {
        &self.masters
    }

    /// Returns the place by which this process knows the master that a server named as `place`.
    pub(crate) fn named<'a>(&'a self, place: &'a Place) -> &'a Place {
        let mut names = self.names.iter();
        let known = names.find(|(by_number, _)| by_number == place);
        known.map_or(place, |(_, name)| name)
    }

    /// Returns `true` if the master at `place` has a slot.
    pub(crate) fn has_slots(&self, place: &Place) -> bool {
        let number = self.masters.iter().position(|it| it == place);
        let number = number.and_then(|number| u16::try_from(number).ok());
        number.is_some_and(|number| self.owners.contains(&number))
    }

    /// Records that a server said that `slot` belongs to the master at `place`.
    pub(crate) fn moved(&mut self, slot: u16, place: &Place) {
        let number = self.number(place);
        if let Some(owner) = self.owners.get_mut(usize::from(slot)) {
            *owner = number;
        }
    }

    /// Returns the position of `place` in `masters`, where it is added if it is new.
    fn number(&mut self, place: &Place) -> u16 {
        let known = self.masters.iter().position(|it| it == place);
        let at = known.unwrap_or_else(|| {
            self.masters.push(place.clone());
            self.masters.len() - 1
        });
        u16::try_from(at).unwrap_or(NOBODY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer of redis-server 7.0.15, with a replica, a failed node and slots that move.
    const REDIS_7_0: &str = "\
ea71243fcffe12dbc5d653df4aefe40482328255 127.0.0.1:7401@17401 master - 0 1796027752164 1 connected 0-5459 5461 \
[5460->-01457f2453024ef24e4fd46932d94828aa880073]
8bfb3c022393dc35d9c205a6d50c9a2098c03c04 127.0.0.1:7403@17403 master,fail? - 0 1796027752164 3 connected 10923-16383
01457f2453024ef24e4fd46932d94828aa880073 :7402@17402 myself,master - 0 1796027751000 2 connected 5462-10922
5d1c0b8a4bb7b1fbd0b5ae3a7d3a1dd0a1a7e6a1 127.0.0.1:7404@17404 slave 8bfb3c022393dc35d9c205a6d50c9a2098c03c04 0 1 3 connected
7d1c0b8a4bb7b1fbd0b5ae3a7d3a1dd0a1a7e6a1 :0@0 master,noaddr - 1 1 0 disconnected
8d1c0b8a4bb7b1fbd0b5ae3a7d3a1dd0a1a7e6a1 127.0.0.1:7406@17406 master,fail - 1 1 1 disconnected
9d1c0b8a4bb7b1fbd0b5ae3a7d3a1dd0a1a7e6a1 127.0.0.1:7405@17405 handshake - 1 0 0 connected
";

    /// The forms of newer servers: names of hosts, further fields, and IPv6 addresses.
    const REDIS_8: &str = "\
a 10.0.0.1:6379@16379,one.example,shard-id=69bc080733d1355567173199cff4a6a039a2f024 myself,master - 0 0 7 connected 0-100
b ::1:6380@16380,,tls-port=0,shard-id=f5f7a7f1e3a1d1c0b8a4bb7b1fbd0b5ae3a7d3a1 master - 0 1 8 connected 101
";

    fn place(text: &str) -> Place {
        Place::read(text).expect("a place")
    }

    fn read(text: &str) -> Vec<Master> {
        masters(text, &place("10.1.1.1:7402"), false)
    }

    #[test]
    fn masters_and_their_slots_are_read() {
        let found = read(REDIS_7_0);
        let wanted = [
            ("127.0.0.1:7401", 1, vec![0..=5459, 5461..=5461]),
            ("127.0.0.1:7403", 3, vec![10_923..=16_383]),
            ("10.1.1.1:7402", 2, vec![5462..=10_922]),
        ];
        let wanted = wanted.map(|(at, epoch, slots)| Master {
            place: place(at),
            by_number: None,
            epoch,
            slots,
        });
        assert_eq!(found, wanted);
        let found = read(REDIS_8);
        assert_eq!(found[0].place, place("10.0.0.1:6379"));
        let second = (&*found[1].place.host, found[1].place.port, &found[1].slots);
        assert_eq!(second, ("::1", 6380, &vec![101..=101]));
    }

    #[test]
    fn a_name_takes_the_place_of_a_number_if_it_is_wanted() {
        let found = masters(REDIS_8, &place("10.1.1.1:7402"), true);
        assert_eq!(found[0].place, place("one.example:6379"));
        assert_eq!(found[1].place, place("::1:6380"), "it has no name");
        let mut map = SlotMap::of(&[found.clone(), found]);
        assert_eq!(
            map.named(&place("10.0.0.1:6379")),
            &place("one.example:6379")
        );
        assert_eq!(map.named(&place("::1:6380")), &place("::1:6380"));
        let moved = map.named(&place("10.0.0.1:6379")).clone();
        map.moved(101, &moved);
        assert_eq!(map.masters().len(), 2);
    }

    #[test]
    fn other_texts_are_left_out() {
        for text in [
            "",
            "a",
            "a b c d e f g h i",
            "a 1:2@3 master - 0 0 x connected 1",
            "a 1:2@3 master - 0 0 1 connected 16384",
            "a 1:2@3 master - 0 0 1 connected 1-",
            "a nothing master - 0 0 1 connected 1",
            "a 1:99999@3 master - 0 0 1 connected 1",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }

    fn view(at: &str, epoch: u64, slots: RangeInclusive<u16>) -> Vec<Master> {
        vec![Master {
            place: place(at),
            by_number: None,
            epoch,
            slots: vec![slots],
        }]
    }

    #[test]
    fn the_greatest_epoch_has_the_slot_in_every_order() {
        let mut views = [
            view("a:1", 0, 0..=99),
            view("b:1", 3, 50..=150),
            view("c:1", 2, 90..=200),
        ];
        for turn in 0..6 {
            views.rotate_left(1);
            if turn == 3 {
                views.swap(0, 1);
            }
            let map = SlotMap::of(&views);
            let master = |slot| map.master(slot).map(ToString::to_string);
            let wanted = [
                (0, "a:1"),
                (49, "a:1"),
                (50, "b:1"),
                (95, "b:1"),
                (151, "c:1"),
            ];
            for (slot, wanted) in wanted {
                assert_eq!(master(slot).as_deref(), Some(wanted), "{slot}");
            }
            assert_eq!(master(201), None);
            views.reverse();
            assert_eq!(map, SlotMap::of(&views));
            views.reverse();
            assert_eq!(map.masters().len(), 3);
        }
    }

    #[test]
    fn a_moved_slot_gets_its_master_at_once() {
        let mut map = SlotMap::of(&[view("a:1", 1, 0..=9)]);
        map.moved(5, &place("b:2"));
        assert_eq!(map.master(5), Some(&place("b:2")));
        assert_eq!(map.master(4), Some(&place("a:1")));
        assert!(map.has_slots(&place("b:2")) && !map.has_slots(&place("c:3")));
        map.moved(SLOTS, &place("b:2"));
        assert_eq!(map.masters().len(), 2);
        assert_eq!(SlotMap::default().master(0), None);
    }
}
