//! The adapter for a Redis Cluster while a slot moves from one master to another.

use super::*;
use crate::store::redis::cluster::names::Names;
use crate::store::redis::cluster::slot::slot;
use crate::store::redis::tests::masters::{Masters, owner};
use crate::store::tests::conformance::in_cluster::{under_cluster, under_cluster_with};
use crate::store::tests::conformance::write_queues::{NEWEST, QUEUE, claim_of, key};
use crate::store::write_queue::ClaimRequest;

fn text(number: u16) -> Vec<u8> {
    number.to_string().into()
}

/// A slot on its way from one master to another.
pub(super) struct Move<'a> {
    masters: &'a Masters,
    slot: Vec<u8>,
    from: usize,
    to: usize,
    ids: [String; 2],
}

impl<'a> Move<'a> {
    fn begin(masters: &'a Masters, slot: u16) -> Self {
        Self::to(masters, slot, (owner(slot) + 1) % 3)
    }

    pub(super) fn to(masters: &'a Masters, slot: u16, to: usize) -> Self {
        let from = owner(slot);
        let ids = [from, to].map(|number| masters.text(number, &[b"CLUSTER", b"MYID"]));
        let moving = Self {
            masters,
            slot: text(slot),
            from,
            to,
            ids,
        };
        let [source, target] = &moving.ids;
        moving.set(to, &[b"IMPORTING", source.as_bytes()]);
        moving.set(from, &[b"MIGRATING", target.as_bytes()]);
        moving
    }

    fn set(&self, number: usize, words: &[&[u8]]) {
        let command = [&[&b"CLUSTER"[..], b"SETSLOT", &self.slot], words].concat();
        let done = self.masters.text(number, &command);
        assert_eq!(done, "OK");
    }

    /// Moves a name, if it is there.
    fn take(&self, key: &[u8]) {
        let port = text(self.masters.port(self.to));
        let words = [b"MIGRATE", &b"127.0.0.1"[..], &port, key, b"0", b"5000"];
        let done = self.masters.text(self.from, &words);
        assert_eq!(done, "OK");
    }

    pub(super) fn end(&self) {
        let target = self.ids[1].as_bytes();
        self.set(self.to, &[b"NODE", target]);
        self.set(self.from, &[b"NODE", target]);
    }
}

#[tokio::test]
async fn an_entry_is_found_and_removed_while_its_slot_moves() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let placed = Names::new("shop").full(&spot().entry);
    let fill = under.filled().await;
    let moving = Move::begin(&masters, placed.slot);
    assert_eq!(
        under.read().await.bytes.as_ref(),
        Some(&fill.bytes),
        "it stays"
    );
    moving.take(&placed.key);
    assert_eq!(
        under.read().await.bytes.as_ref(),
        Some(&fill.bytes),
        "it was taken"
    );
    // The entry is at the target and its version nowhere, so they are removed one by one.
    under.invalidate(&["k:a"]).await;
    assert_eq!(under.read().await.bytes, None);
    let fill = under.filled().await;
    under.invalidate(&["t:tag"]).await;
    assert_ne!(
        under.granted(&ask(None)).await.versions,
        fill.grant.versions
    );
    moving.end();
    assert!(
        under.read().await.bytes.is_some(),
        "the owner says where it is"
    );
    under.invalidate(&["k:a"]).await;
    assert_eq!(under.read().await.bytes, None);
    let fill = under.filled().await;
    assert_eq!(under.read().await.bytes, Some(fill.bytes));
}

#[tokio::test]
async fn a_tag_and_its_guards_are_removed_while_their_slot_moves() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let tag = name("t:org:1");
    let removed = Names::new("shop").with_guards(&tag);
    let grant = under.granted(&ask(None)).await;
    let fill = spot().fill(&grant, None, &["t:org:1"]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    let late = under
        .granted(&AcquireRequest {
            force: true,
            ..ask(None)
        })
        .await;
    let moving = Move::begin(&masters, removed[0].slot);
    // The guard is at the target, and the tag at the source.
    moving.take(&removed[0].key);
    under.invalidate(&["t:org:1", "g:", "g:org:"]).await;
    moving.end();
    assert_eq!(under.versions(&["t:org:1"]).await, [None]);
    let fill = spot().fill(&late, None, &["t:org:1"]);
    assert_eq!(under.fill(&fill).await, Filled::Invalidated);
}

#[tokio::test]
async fn messages_of_the_bus_wait_until_its_slot_has_moved() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let names = Names::new("shop");
    let echo = BusMessage::Heartbeat {
        subscription: 1,
        sent: 1,
    };
    let beat = || under.store.heartbeat(under.node, None, &echo, soon());
    assert_eq!(beat().await, Ok(()));
    let moving = Move::begin(&masters, names.bus_slot());
    let rejected = Failure::Rejected("ASK".to_owned());
    assert_eq!(beat().await, Err(rejected), "subscribers are at the source");
    moving.end();
    assert_eq!(beat().await, Ok(()));
}

/// The server does not know the keys of this script, which makes their names itself.
#[tokio::test]
async fn no_queued_write_is_lost_while_its_slot_moves() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let queue = |part: &str| format!("shop:wb:{{{QUEUE}}}:{part}").into_bytes();
    under.enqueue(NEWEST, "a", "1").await;
    let moving = Move::begin(&masters, slot(&queue("")));
    moving.take(&queue("due"));
    let claim = claim_of(NEWEST, "one");
    let request = ClaimRequest {
        claim,
        most: 10,
        most_bytes: 1_000,
        lease: LONG,
    };
    let refused = Failure::Rejected("ASK".to_owned());
    let claimed = under.store.write_queue().claim(&request, soon()).await;
    assert_eq!(claimed.map(drop), Err(refused), "it waits");
    for part in ["values", "since", "version"] {
        moving.take(&queue(part));
    }
    moving.end();
    assert_eq!(under.claimed(claim).await, [key("a", 0, &["1"])]);
}

/// Only the target of the move has the list of dead writes, in which there is something else.
#[tokio::test]
async fn an_answer_of_a_wrong_form_ends_the_connection_that_it_came_from() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let dead = format!("shop:wb:{{{QUEUE}}}:dead").into_bytes();
    let moving = Move::begin(&masters, slot(&dead));
    masters.ask(moving.to, &[b"XADD", &dead, b"1-1", b"x", b"y"]);
    // The connections of the adapter speak RESP3, and those that carry commands do not subscribe.
    let connections = |number| {
        let list = masters.text(number, &[b"CLIENT", b"LIST"]);
        let carries_commands = |line: &&str| line.contains(" resp=3") && line.contains(" ssub=0 ");
        let lines = list.lines().filter(carries_commands);
        lines
            .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let before = [moving.from, moving.to].map(connections);
    assert_eq!(before.each_ref().map(Vec::len), [1, 1]);
    let queue = under.store.write_queue();
    let found = queue.dead(QUEUE, "", 10, soon()).await;
    assert_eq!(found.map(drop), Err(Failure::Indeterminate));
    let start = std::time::Instant::now();
    while connections(moving.to) == before[1] {
        assert!(start.elapsed() < PATIENCE, "it connects anew");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(connections(moving.from), before[0]);
}

/// Each of two masters says that the other one has the slot.
#[tokio::test]
async fn masters_that_contradict_each_other_are_asked_a_few_times() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let placed = Names::new("shop").full(&spot().entry);
    let moving = Move::begin(&masters, placed.slot);
    for number in [moving.from, moving.to] {
        assert_eq!(masters.text(number, &[b"CONFIG", b"RESETSTAT"]), "OK");
    }
    // The target does not learn of its slot.
    moving.set(moving.from, &[b"NODE", moving.ids[1].as_bytes()]);
    moving.set(moving.to, &[b"STABLE"]);
    let asked = under.store.read(spot().query(), soon()).await;
    assert_eq!(asked, Err(Failure::Rejected("MOVED".to_owned())));
    let refused = |number: usize| {
        let info = masters.text(number, &[b"INFO", b"commandstats"]);
        let line = info.lines().find(|line| line.starts_with("cmdstat_pttl:"));
        let count = line.and_then(|line| line.split("rejected_calls=").nth(1)?.split(',').next());
        count.map_or(0, |count| count.parse::<u32>().expect("a number"))
    };
    assert_eq!(refused(moving.from) + refused(moving.to), 3);
}

/// The entry is at the target and its version nowhere, and a script cannot take them one by one. The
/// outbox then removes them.
#[tokio::test]
async fn a_soft_invalidation_of_a_moving_slot_is_refused() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let placed = Names::new("shop").full(&spot().entry);
    let fill = under.filled().await;
    let moving = Move::begin(&masters, placed.slot);
    moving.take(&placed.key);
    let names = [name("k:a")];
    let told = BusMessage::Hello { from: under.node };
    let a_moment = from_now(Duration::from_millis(300));
    let mode = InvalidationMode::Soft;
    let softened = under.store.invalidate(&names, mode, &[], &told, a_moment);
    assert!(softened.await.is_err(), "its names are at two masters");
    assert_eq!(under.read().await.bytes, Some(fill.bytes));
    under.invalidate(&["k:a"]).await;
    assert_eq!(under.read().await.bytes, None);
}

/// The version is at the target, which refuses to remove it.
#[cfg(cachekit_faults)]
#[tokio::test]
async fn an_entry_is_removed_before_the_version_of_its_key() {
    use crate::base::fault::guards::Fault;
    let faulty = Faults::default().with(Fault::VersionFirst);
    let names = Names::new("shop");
    let [entry, version] = ["k:a", "v:a"].map(|text| names.full(&name(text)));
    for (faults, is_left) in [(Faults::default(), 0), (faulty, 1)] {
        let masters = Masters::start();
        let under = under_cluster_with(&masters, "shop", false, faults).await;
        let from = owner(entry.slot);
        assert_eq!(masters.text(from, &[b"SET", &version.key, b"v"]), "OK");
        assert_eq!(masters.text(from, &[b"SET", &entry.key, b"k"]), "OK");
        let moving = Move::begin(&masters, entry.slot);
        moving.take(&version.key);
        let rights: [&[u8]; 5] = [b"ACL", b"SETUSER", b"default", b"resetkeys", b"~shop:k:*"];
        assert_eq!(masters.text(moving.to, &rights), "OK");
        let told = BusMessage::Hello { from: under.node };
        let (names, mode) = ([name("k:a")], InvalidationMode::Hard);
        let removed = under.store.invalidate(&names, mode, &[], &told, soon());
        assert_eq!(removed.await, Err(Failure::Rejected("NOPERM".to_owned())));
        let slot = entry.slot.to_string();
        let count: [&[u8]; 3] = [b"CLUSTER", b"COUNTKEYSINSLOT", slot.as_bytes()];
        assert_eq!(masters.number(from, &count), is_left);
    }
}
