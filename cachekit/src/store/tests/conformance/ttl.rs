//! Lifetimes of entries, leases and tokens, measured by the remaining life of the entry.

use super::*;
use crate::encoding::envelope::read::Envelope;
use crate::store::tests::conformance::cases::cases;
use tokio::time::sleep;

/// Returns the remaining time for which the found entry is fresh.
pub(crate) fn fresh(found: &Found) -> Duration {
    let grace = Envelope::parse(found.bytes.as_ref().unwrap())
        .unwrap()
        .grace;
    found.left.saturating_sub(grace)
}

/// Stores a value that the store keeps for the time `kept`.
async fn kept_for(under: &Under, kept: Duration) {
    let grant = under.granted(&ask(None)).await;
    let fill = Fill {
        kept,
        ..spot().fill(&grant, None, &[])
    };
    assert_eq!(under.fill(&fill).await, Filled::Stored);
}

async fn room_for_a_computation_makes_no_entry_live_longer(under: &Under) {
    let kept = Duration::from_secs(10);
    kept_for(under, kept).await;
    let force = AcquireRequest {
        force: true,
        ..ask(holder(1))
    };
    let grant = under.granted(&force).await;
    let found = under.read().await;
    assert!(
        is_about(found.left, LONG),
        "there is room: {:?}",
        found.left
    );
    assert!(is_about(fresh(&found), kept), "{:?}", fresh(&found));
    let Acquired::Held(held) = under
        .acquire(&AcquireRequest {
            force: true,
            ..ask(holder(2))
        })
        .await
    else {
        panic!("the lease is taken");
    };
    assert!(held <= SHORT, "{held:?}");
    // A renewal with a longer lifetime of the token does not change the time for which the entry is
    // fresh.
    let lease_times = LeaseTimes {
        lease: SHORT,
        room: 2 * LONG,
    };
    let fencing_token = spot().fencing_token(&grant, holder(1));
    let needed = NeededVersions {
        names: &[],
        life: LONG,
    };
    under
        .store
        .renew(&fencing_token, lease_times, needed, soon())
        .await
        .unwrap();
    let found = under.read().await;
    assert!(is_about(found.left, 2 * LONG));
    assert!(is_about(fresh(&found), kept));
    let Acquired::Held(held) = under
        .acquire(&AcquireRequest {
            force: true,
            ..ask(holder(2))
        })
        .await
    else {
        panic!("the lease is taken");
    };
    assert!(held <= SHORT, "{held:?}");
}

async fn less_room_takes_nothing_away(under: &Under) {
    kept_for(under, 2 * LONG).await;
    let force = AcquireRequest {
        force: true,
        ..ask(holder(1))
    };
    under.granted(&force).await;
    let found = under.read().await;
    assert!(is_about(found.left, 2 * LONG));
    assert_eq!(fresh(&found), found.left);
    let again = AcquireRequest {
        force: true,
        ..ask(holder(2))
    };
    let Acquired::Held(held) = under.acquire(&again).await else {
        panic!("the lease is taken");
    };
    assert!(held <= SHORT, "{held:?}");
}

async fn a_lease_is_no_longer_than_the_room(under: &Under) {
    let room = LeaseTimes {
        lease: LONG,
        room: SHORT,
    };
    let short = AcquireRequest {
        lease_times: room,
        ..ask(holder(1))
    };
    under.granted(&short).await;
    let Acquired::Held(left) = under.acquire(&ask(holder(2))).await else {
        panic!("the lease is taken");
    };
    assert!(left <= SHORT, "{left:?}");
    sleep(SHORT + Duration::from_millis(20)).await;
    assert_eq!(under.read().await.bytes, None, "the token's room is over");
}

async fn versions_run_out_if_nothing_hangs_on_them(under: &Under) {
    let short = AcquireRequest {
        version_life: SHORT,
        ..ask(None)
    };
    under.granted(&short).await;
    sleep(SHORT + Duration::from_millis(20)).await;
    let found = under.read().await;
    assert!(found.versions[0].is_some() && found.versions[1].is_some());
    assert_eq!(found.versions[2], None);
    assert_eq!(under.versions(&["g:org:"]).await, [None]);
}

async fn versions_outlive_what_hangs_on_them(under: &Under) {
    let short = AcquireRequest {
        version_life: SHORT,
        ..ask(None)
    };
    let grant = under.granted(&short).await;
    let fill = spot().fill(&grant, None, &["t:org:1"]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    sleep(SHORT + Duration::from_millis(20)).await;
    let versions = under.versions(&["t:tag", "t:org:1"]).await;
    assert!(versions.iter().all(Option::is_some), "{versions:?}");
    assert_eq!(under.acquire(&ask(None)).await, Acquired::Filled);
}

cases! {
    room_for_a_computation_makes_no_entry_live_longer
    less_room_takes_nothing_away
    a_lease_is_no_longer_than_the_room
    versions_run_out_if_nothing_hangs_on_them
    versions_outlive_what_hangs_on_them
}
