//! The adapter for a Redis Cluster while a master does not answer, refuses commands, or is not ready.

use std::time::Instant as RealInstant;

use super::*;
use crate::store::redis::cluster::names::Names;
use crate::store::redis::tests::masters::{Masters, owner};
use crate::store::tests::conformance::in_cluster::{Ear, under_cluster};
use crate::store::tests::conformance::moving_slots::Move;
use crate::store::write_mark::WriteMark;

/// Returns the first of the names `k:0`, `k:1`, .. whose master is accepted by `is_wanted`.
fn key_of(is_wanted: impl Fn(usize) -> bool) -> StoreKey {
    let names = Names::new("shop");
    let mut keys = (0..).map(|number: u32| name(&format!("k:{number}")));
    let key = keys.find(|key| is_wanted(owner(names.full(key).slot)));
    key.expect("a name")
}

fn a_moment() -> Instant {
    from_now(Duration::from_millis(600))
}

#[tokio::test]
async fn a_hung_master_silences_no_message() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let names = Names::new("shop");
    let bus = owner(names.bus_slot());
    let hung = (bus + 1) % 3;
    let doomed = [
        key_of(|master| master == bus),
        key_of(|master| master == hung),
    ];
    let kept = names.full(&doomed[0]);
    assert_eq!(masters.text(bus, &[b"SET", &kept.key, b"old"]), "OK");
    let mark = WriteMark::new(under.node, 1, &doomed, None).expect("a mark");
    assert_eq!(under.store.mark(&mark, LONG, soon()).await, Ok(()));
    let mut ear = Ear::new(&masters, "shop", &[names.bus().to_vec()]);
    masters.pause(hung);
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        let told = BusMessage::Invalidated {
            from: under.node,
            ack: None,
            mode,
            names: doomed.to_vec(),
        };
        let ended = [mark.clone()];
        let removed = under
            .store
            .invalidate(&doomed, mode, &ended, &told, a_moment());
        assert_eq!(removed.await, Err(Failure::Indeterminate));
        ear.hear(&told.write());
        assert_eq!(masters.number(bus, &[b"EXISTS", &kept.key]), 0, "{mode:?}");
        let left = masters.number(bus, &[b"ZCARD", &names.marks()]);
        assert_eq!(left, 1, "a name may be there");
    }
}

#[tokio::test]
async fn a_lease_ends_if_the_master_of_a_tag_does_not_answer() {
    let masters = Masters::start();
    let names = Names::new("shop");
    let hung = owner(names.full(&name("t:tag")).slot);
    let [one, other] = [
        under_cluster(&masters, "shop").await,
        under_cluster(&masters, "shop").await,
    ];
    let spot = Spot {
        entry: key_of(|master| master != hung),
        ..spot()
    };
    let ask = |number| AcquireRequest {
        lease_times: LeaseTimes {
            lease: LONG,
            room: LONG,
        },
        ..ask(holder(number))
    };
    masters.pause(hung);
    let asked = one.store.acquire(spot.query(), &ask(1), a_moment()).await;
    assert_eq!(asked, Err(Failure::Indeterminate));
    masters.go_on(hung);
    let start = RealInstant::now();
    loop {
        let asked = other.store.acquire(spot.query(), &ask(2), soon()).await;
        if matches!(asked, Ok(Acquired::Granted(_))) {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{asked:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The slot of one name has moved, and the master of the other does not answer.
#[tokio::test]
async fn a_hung_master_delays_no_redirection_of_another_one() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let names = Names::new("shop");
    let [moved, hung] = [0, 1].map(|number| key_of(|master| master == number));
    let place = names.full(&moved);
    // From the first master to the third one.
    let moving = Move::to(&masters, place.slot, 2);
    moving.end();
    assert_eq!(masters.text(2, &[b"SET", &place.key, b"old"]), "OK");
    masters.pause(1);
    let doomed = [moved, hung];
    let told = BusMessage::Hello { from: under.node };
    let mode = InvalidationMode::Hard;
    let removed = under
        .store
        .invalidate(&doomed, mode, &[], &told, a_moment());
    assert_eq!(removed.await, Err(Failure::Indeterminate));
    assert_eq!(masters.number(2, &[b"EXISTS", &place.key]), 0);
}

/// Returns the number of questions for the map of slots that the masters were asked so far.
fn questions(masters: &Masters, asked: &[usize]) -> u64 {
    let count = |number: &usize| {
        let info = masters.text(*number, &[b"INFO", b"commandstats"]);
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("cmdstat_cluster|nodes:calls="));
        line.map_or(0, |line| {
            let end = line.find(',').expect("more fields");
            line[..end].parse::<u64>().expect("a number")
        })
    };
    asked.iter().map(count).sum()
}

#[tokio::test]
async fn a_master_that_is_away_costs_few_questions_for_the_map() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let lost = [key_of(|master| master == 2)];
    masters.stop(2);
    let present = [0, 1];
    let (start, asked) = (RealInstant::now(), questions(&masters, &present));
    while start.elapsed() < Duration::from_secs(2) {
        assert!(under.store.versions(&lost, soon()).await.is_err());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let asked = questions(&masters, &present) - asked;
    // Pauses of 0.1, 0.2, 0.4, 0.8 and then 1 s.
    let most = 2 * (4 + start.elapsed().as_secs());
    assert!(asked <= most, "{asked} in {:?}", start.elapsed());
}

#[tokio::test]
async fn a_master_without_the_others_is_not_up() {
    let masters = Masters::start();
    let name = key_of(|master| master == 0);
    let slot = Names::new("shop").full(&name).slot.to_string();
    // A master that knows no owner of a slot refuses commands for all slots.
    let command: [&[u8]; 3] = [b"CLUSTER", b"DELSLOTS", slot.as_bytes()];
    assert_eq!(masters.text(0, &command), "OK");
    let start = RealInstant::now();
    while masters
        .text(0, &[b"CLUSTER", b"INFO"])
        .contains("cluster_state:ok")
    {
        assert!(start.elapsed() < PATIENCE, "the master does not notice");
        std::thread::sleep(Duration::from_millis(10));
    }
    let under = under_cluster(&masters, "shop").await;
    let server = under.store.server().expect("two masters");
    let is_up = |number| server.contains(&format!(":{}", masters.port(number)));
    assert!(!is_up(0) && is_up(1) && is_up(2), "{server}");
    let found = under.store.versions(&[name], soon()).await;
    assert_eq!(found, Err(Failure::Unavailable));
}

/// The version has moved, and the release of the lease is refused.
#[tokio::test]
async fn an_invalidated_store_is_reported_although_its_lease_stays() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    let names = Names::new("shop");
    let grant = under.granted(&ask(holder(1))).await;
    under.invalidate(&["t:tag"]).await;
    let master = owner(names.full(&spot().entry).slot);
    let rights: [&[u8]; 4] = [b"ACL", b"SETUSER", b"default", b"-evalsha"];
    assert_eq!(masters.text(master, &rights), "OK");
    let fill = spot().fill(&grant, holder(1), &[]);
    assert_eq!(
        under.store.fill(&fill, soon()).await,
        Ok(Filled::Invalidated)
    );
}

#[tokio::test]
async fn masters_that_have_lost_the_scripts_get_their_texts() {
    let masters = Masters::start();
    let under = under_cluster(&masters, "shop").await;
    for _ in 0..2 {
        for number in 0..3 {
            assert_eq!(masters.text(number, &[b"SCRIPT", b"FLUSH"]), "OK");
        }
        let fill = under.filled().await;
        assert_eq!(under.read().await.bytes, Some(fill.bytes));
        under.invalidate_softly(&["k:a"]).await;
        under.invalidate(&["k:a"]).await;
        assert_eq!(under.read().await.bytes, None);
    }
}
