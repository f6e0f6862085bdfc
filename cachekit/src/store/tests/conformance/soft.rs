//! Soft invalidations: the state that they leave, and the stores that are refused after them.

use super::*;
use crate::encoding::envelope::head::Head;
use crate::store::tests::conformance::cases::cases;
use crate::store::tests::conformance::fill::guarded;
use crate::store::tests::conformance::ttl::fresh;

/// The time for which an entry may be served stale.
const GRACE: Duration = Duration::from_secs(20);

/// Adds a grace to `fill`, so that the stored entry may be served stale.
pub(crate) fn lasting(mut fill: Fill) -> Fill {
    let head = Head::read(&fill.bytes).expect("an entry has a head");
    let grace = GRACE;
    Head { grace, ..head }.write(&mut fill.bytes);
    fill
}

/// Stores a value with a grace, so that the value may be served stale.
async fn filled(under: &Under) -> Fill {
    let grant = under.granted(&ask(None)).await;
    let fill = lasting(spot().fill(&grant, None, &["t:org:1"]));
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    fill
}

fn force(by: Option<Token>) -> AcquireRequest {
    AcquireRequest {
        force: true,
        ..ask(by)
    }
}

async fn a_softened_entry_is_there_and_not_good(under: &Under) {
    let fill = filled(under).await;
    under.invalidate_softly(&["k:a"]).await;
    let found = under.read().await;
    assert_eq!(fresh(&found), Duration::ZERO);
    assert!(is_about(found.left, GRACE), "{:?}", found.left);
    let bytes = found.bytes.unwrap();
    assert_eq!(bytes[56..98], fill.bytes[56..98], "the value stays");
    assert_ne!(Token::of(&bytes), Token::of(&fill.bytes));
    under.granted(&ask(None)).await;
    under.invalidate_softly(&["k:a"]).await;
    let again = under.read().await;
    assert_eq!(fresh(&again), Duration::ZERO);
}

async fn one_that_was_over_is_kept_no_longer(under: &Under) {
    filled(under).await;
    under.invalidate_softly(&["k:a"]).await;
    // A lease extends the time for which the store keeps the entry, but not the time for which the
    // entry is fresh.
    under.granted(&ask(holder(1))).await;
    let over = |found: &Found| {
        let bytes = found.bytes.as_ref().unwrap();
        Head::read(bytes).unwrap().grace.checked_sub(found.left)
    };
    let before = over(&under.read().await).expect("it is over");
    tokio::time::sleep(Duration::from_millis(20)).await;
    under.invalidate_softly(&["k:a"]).await;
    let after = over(&under.read().await).expect("it is over");
    assert!(after >= before + Duration::from_millis(15), "{after:?}");
}

async fn what_may_not_be_old_is_removed(under: &Under) {
    under.filled().await;
    under.invalidate_softly(&["k:a"]).await;
    assert_eq!(under.read().await.bytes, None, "it has no grace");
    under.granted(&ask(holder(1))).await;
    under.invalidate_softly(&["k:a"]).await;
    assert_eq!(under.read().await.bytes, None, "a token alone");
}

async fn tokens_and_leases_end_with_the_fresh_life(under: &Under) {
    filled(under).await;
    let computing = under.granted(&force(holder(1))).await;
    let write = AcquireRequest {
        token: TokenKind::SameGeneration,
        ..force(None)
    };
    let write = under.granted(&write).await;
    under.invalidate_softly(&["k:a"]).await;
    let newer = under.granted(&ask(holder(2))).await;
    let late = spot().fill(&computing, holder(1), &[]);
    assert_eq!(under.fill(&late).await, Filled::Fenced);
    assert_eq!(under.fill(&spot().ordered(&write, 9)).await, Filled::Fenced);
    let held = under.acquire(&ask(holder(3))).await;
    assert!(matches!(held, Acquired::Held(_)), "{held:?}");
    let fill = spot().fill(&newer, holder(2), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    assert!(under.is_woken().await, "who waits for the new lease");
}

async fn a_softened_version_is_akin_to_itself_and_fences(under: &Under) {
    for text in ["all", "f:a", "t:tag", "g:org:"] {
        filled(under).await;
        let computing = under.granted(&force(None)).await;
        let before = under.versions(&[text]).await[0].unwrap();
        under.invalidate_softly(&[text]).await;
        let after = under.versions(&[text]).await[0].unwrap();
        assert!(
            before != after && before.is_same_generation(after),
            "{text}"
        );
        assert_eq!(before.origin(), after.origin());
        let late = spot().fill(&computing, None, guarded(text));
        assert_eq!(under.fill(&late).await, Filled::Invalidated, "{text}");
        if text != "g:org:" {
            // For the store, an entry that depends on the softly invalidated version is not valid.
            under.granted(&ask(None)).await;
        }
        under.invalidate(&[text, "k:a"]).await;
        under.granted(&ask(None)).await;
        let made = under.versions(&[text]).await[0].unwrap();
        assert!(!made.is_same_generation(before), "{text}: hard");
        under.invalidate(&["k:a"]).await;
    }
}

async fn each_soft_invalidation_is_another(under: &Under) {
    filled(under).await;
    let mut seen = under.versions(&["t:org:1"]).await;
    for _ in 0..20 {
        under.invalidate_softly(&["t:org:1", "t:missing"]).await;
        let version = under.versions(&["t:org:1"]).await[0];
        assert!(version.is_some() && !seen.contains(&version));
        seen.push(version);
    }
    assert_eq!(under.versions(&["t:missing"]).await, [None]);
    let found = under.read().await;
    let (_, late) = found.value_tags.expect("it has one");
    assert_eq!(late, seen[20..]);
}

async fn versions_live_as_long_as_before(under: &Under) {
    let short = AcquireRequest {
        version_life: SHORT,
        ..ask(None)
    };
    under.granted(&short).await;
    under.invalidate_softly(&["t:tag", "all"]).await;
    tokio::time::sleep(SHORT + Duration::from_millis(20)).await;
    let versions = under.versions(&["t:tag", "all"]).await;
    assert!(versions[0].is_none() && versions[1].is_some());
}

async fn who_found_it_old_ends_its_life(under: &Under) {
    for is_held in [false, true] {
        let fill = filled(under).await;
        let token = Token::of(&fill.bytes);
        if is_held {
            under.granted(&force(holder(1))).await;
        }
        under.invalidate_softly(&["t:org:1"]).await;
        let another = AcquireRequest {
            rejected_token: Some(Token([7; 16])),
            ends_rejected: true,
            ..force(holder(2))
        };
        under.acquire(&another).await;
        let found = under.read().await;
        assert!(!fresh(&found).is_zero(), "another's token ends nothing");
        let ends = AcquireRequest {
            rejected_token: token,
            ends_rejected: true,
            ..ask(holder(2))
        };
        let acquired = under.acquire(&ends).await;
        assert_eq!(matches!(acquired, Acquired::Held(_)), is_held);
        let found = under.read().await;
        assert_eq!(fresh(&found), Duration::ZERO, "held: {is_held}");
        under.invalidate(&["k:a"]).await;
    }
}

async fn everybody_is_told(under: &Under) {
    let node = NodeId::random();
    let names = names(&["k:a", "t:tag"]);
    let told = BusMessage::Invalidated {
        from: node,
        ack: Some(7),
        mode: InvalidationMode::Soft,
        names: names.clone(),
    };
    let heard = || {
        let message = StoreEvent::Received(told.clone());
        under.messages.lock().unwrap().contains(&message)
    };
    // The messages are sent again until the adapter has subscribed.
    for _ in 0..100 {
        let asked = under
            .store
            .invalidate(&names, InvalidationMode::Soft, &[], &told, soon());
        assert_eq!(asked.await, Ok(()));
        tokio::time::sleep(Duration::from_millis(10)).await;
        if heard() {
            return;
        }
    }
    panic!("nobody is told");
}

cases! {
    a_softened_entry_is_there_and_not_good
    one_that_was_over_is_kept_no_longer
    what_may_not_be_old_is_removed
    a_softened_version_is_akin_to_itself_and_fences
    each_soft_invalidation_is_another
    versions_live_as_long_as_before
    who_found_it_old_ends_its_life
    tokens_and_leases_end_with_the_fresh_life
    everybody_is_told
}
