//! Reading, and the right to compute.

use super::*;
use crate::encoding::envelope::read::{Envelope, Reject};
use crate::store::tests::conformance::cases::cases;

async fn nothing_is_there(under: &Under) {
    let found = under.read().await;
    assert_eq!((found.bytes, found.left), (None, Duration::ZERO));
    assert_eq!(found.versions, [None; 3]);
    assert_eq!(found.value_tags, None);
    assert!(under.store.is_up());
}

async fn a_grant_tells_token_versions_and_guards(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    assert_eq!((grant.versions.len(), grant.guards.len()), (3, 1));
    let found = under.read().await;
    let versions: Vec<_> = grant.versions.iter().copied().map(Some).collect();
    assert_eq!(found.versions, versions);
    assert!(under.versions(&["g:org:"]).await[0].is_some());
    let next = under
        .granted(&AcquireRequest {
            force: true,
            ..ask(holder(1))
        })
        .await;
    assert_eq!(next.guards, grant.guards, "nothing moved");
    assert_eq!(
        Envelope::parse(&found.bytes.unwrap()),
        Err(Reject::Vacant),
        "a token, no value"
    );
    assert!(is_about(found.left, LONG), "{:?}", found.left);
    assert_eq!(found.value_tags, None);
}

async fn a_second_is_held_and_told_for_how_long(under: &Under) {
    let first = under.granted(&ask(holder(1))).await;
    let Acquired::Held(left) = under.acquire(&ask(holder(2))).await else {
        panic!("two hold it");
    };
    assert!(left > Duration::ZERO && left <= SHORT, "{left:?}");
    assert_eq!(under.granted(&ask(holder(1))).await, first, "its own");
    assert_eq!(
        under.granted(&ask(None)).await,
        first,
        "it waits for nobody"
    );
}

async fn a_good_entry_needs_no_computation(under: &Under) {
    let fill = under.filled().await;
    let token = Envelope::parse(&fill.bytes).unwrap().fill;
    assert_eq!(under.acquire(&ask(holder(1))).await, Acquired::Filled);
    let rejected_token = AcquireRequest {
        rejected_token: Some(token),
        ..ask(holder(1))
    };
    assert_eq!(under.granted(&rejected_token).await.token, token);
    let force = AcquireRequest {
        force: true,
        ..ask(None)
    };
    assert_eq!(under.granted(&force).await.token, token);
    let other = AcquireRequest {
        rejected_token: holder(9),
        ..ask(None)
    };
    assert_eq!(under.acquire(&other).await, Acquired::Filled);
    under.invalidate(&["t:tag"]).await;
    assert_eq!(under.granted(&ask(None)).await.token, token);
}

async fn an_entry_with_fewer_versions_is_not_good(under: &Under) {
    under.filled().await;
    let (entry, mut versions) = (spot().entry, spot().versions);
    versions.push(name("t:more"));
    let query = EntryQuery {
        entry: &entry,
        versions: &versions,
        with_value_tags: false,
        beside: &[],
        is_encrypted: false,
    };
    let acquired = under.store.acquire(query, &ask(None), soon()).await;
    assert!(matches!(acquired, Ok(Acquired::Granted(grant)) if grant.versions.len() == 4));
    versions.truncate(2);
    let query = EntryQuery {
        entry: &entry,
        versions: &versions,
        with_value_tags: false,
        beside: &[],
        is_encrypted: false,
    };
    let acquired = under.store.acquire(query, &ask(None), soon()).await;
    assert_eq!(acquired, Ok(Acquired::Filled), "one with more may be");
}

async fn both_questions_in_one(under: &Under) {
    let both = async |ask: &AcquireRequest| {
        let spot = spot();
        let answer = under.store.read_or_acquire(spot.query(), ask, soon());
        answer.await.unwrap()
    };
    let (found, acquired) = both(&ask(holder(1))).await;
    assert_eq!(found.bytes, None);
    assert!(matches!(acquired, Acquired::Granted(_)));
    let (found, acquired) = both(&ask(holder(2))).await;
    assert!(found.bytes.is_some());
    assert!(matches!(acquired, Acquired::Held(_)));
}

async fn a_version_that_was_removed_does_not_come_back(under: &Under) {
    let first = under.granted(&ask(None)).await;
    under.invalidate(&["all", "f:a", "t:tag", "g:org:"]).await;
    assert_eq!(under.read().await.versions, [None; 3]);
    let second = under.granted(&ask(None)).await;
    for (old, new) in first.versions.iter().zip(&second.versions) {
        assert_ne!(old, new);
    }
    assert_ne!(first.guards, second.guards);
    assert_eq!(
        first.token, second.token,
        "the entry itself was not removed"
    );
}

async fn what_is_removed_is_gone_and_may_be_removed_again(under: &Under) {
    let fill = under.filled().await;
    for _ in 0..2 {
        under.invalidate(&["k:a", "t:tag"]).await;
        let found = under.read().await;
        assert_eq!((found.bytes, found.versions[2]), (None, None));
        assert!(found.versions[0].is_some());
    }
    assert_ne!(
        under.granted(&ask(None)).await.token,
        fill.fencing_token.token
    );
}

cases! {
    nothing_is_there
    a_grant_tells_token_versions_and_guards
    a_second_is_held_and_told_for_how_long
    a_good_entry_needs_no_computation
    an_entry_with_fewer_versions_is_not_good
    both_questions_in_one
    a_version_that_was_removed_does_not_come_back
    what_is_removed_is_gone_and_may_be_removed_again
}
