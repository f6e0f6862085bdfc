//! Storing, and the reasons for which a store is refused.

use super::*;
use crate::encoding::envelope::read::Envelope;
use crate::store::tests::conformance::cases::cases;

/// Returns value tags that the version `name` covers if it is a guard, because a store compares a
/// guard for the tags of its value. Returns no tags otherwise.
pub(super) fn guarded(name: &str) -> &'static [&'static str] {
    if name == "g:org:" { &["t:org:1"] } else { &[] }
}

async fn a_value_is_stored_for_as_long_as_it_is_kept(under: &Under) {
    let fill = under.filled().await;
    let found = under.read().await;
    assert_eq!(found.bytes.as_ref(), Some(&fill.bytes));
    assert!(is_about(found.left, LONG), "{:?}", found.left);
    let token = Envelope::parse(&fill.bytes).unwrap().fill;
    assert_eq!(
        found.value_tags,
        Some((token, vec![])),
        "no tags that are late"
    );
}

async fn a_token_serves_once(under: &Under) {
    let grant = under.granted(&ask(None)).await;
    let fill = spot().fill(&grant, None, &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    let second = spot().fill(&grant, None, &[]);
    assert_eq!(under.fill(&second).await, Filled::Fenced);
    assert_eq!(under.read().await.bytes, Some(fill.bytes));
}

async fn a_removed_token_serves_nobody(under: &Under) {
    let grant = under.granted(&ask(None)).await;
    under.invalidate(&["k:a"]).await;
    let fill = spot().fill(&grant, None, &[]);
    assert_eq!(under.fill(&fill).await, Filled::Fenced);
    under.granted(&ask(None)).await;
    assert_eq!(under.fill(&fill).await, Filled::Fenced);
}

async fn a_write_takes_the_token_away(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    let write = AcquireRequest {
        force: true,
        token: TokenKind::New,
        ..ask(None)
    };
    let new = under.granted(&write).await;
    assert_ne!(grant.token, new.token);
    let old = spot().fill(&grant, holder(1), &[]);
    assert_eq!(under.fill(&old).await, Filled::Fenced);
    let fill = spot().fill(&new, None, &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
}

async fn nothing_is_stored_once_a_version_moved(under: &Under) {
    for gone in ["all", "f:a", "t:tag", "g:org:"] {
        let grant = under.granted(&ask(holder(1))).await;
        under.invalidate(&[gone]).await;
        let fill = spot().fill(&grant, holder(1), guarded(gone));
        assert_eq!(under.fill(&fill).await, Filled::Invalidated, "{gone}");
        // The rejected fill ended its lease, and the new version differs from the version in the
        // fill.
        under.granted(&ask(holder(2))).await;
        assert_eq!(
            under.fill(&fill).await,
            Filled::Invalidated,
            "{gone} is there again"
        );
        under
            .release(&spot().fencing_token(&grant, holder(2)))
            .await;
    }
}

async fn versions_of_late_tags_are_recorded(under: &Under) {
    let grant = under.granted(&ask(None)).await;
    let fill = spot().fill(&grant, None, &["t:org:1", "t:org:2"]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    let found = under.read().await;
    let bytes = found.bytes.unwrap();
    let envelope = Envelope::parse(&bytes).unwrap();
    let now = under.versions(&["t:org:1", "t:org:2"]).await;
    let recorded: Vec<_> = envelope.versions[3..].iter().copied().map(Some).collect();
    assert_eq!(recorded, now);
    assert!(now[0].is_some() && now[0] != now[1], "{now:?}");
    assert_eq!(found.value_tags, Some((envelope.fill, now)));

    under.invalidate(&["t:org:1"]).await;
    let (_, value_tags) = under.read().await.value_tags.unwrap();
    assert!(value_tags[0].is_none() && value_tags[1].is_some());
    assert_eq!(
        under.acquire(&ask(None)).await,
        Acquired::Filled,
        "of late tags the store knows nothing by itself"
    );
}

async fn a_late_tag_keeps_the_version_that_it_has(under: &Under) {
    let org = AcquireRequest {
        guards: names(&["g:org:", "t:org:1"]),
        ..ask(None)
    };
    let before = under.granted(&org).await.guards[1];
    let grant = under.granted(&ask(None)).await;
    let fill = spot().fill(&grant, None, &["t:org:1"]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    assert_eq!(under.versions(&["t:org:1"]).await, [Some(before)]);
}

async fn late_versions_are_not_asked_of_a_token(under: &Under) {
    under.granted(&ask(None)).await;
    assert_eq!(under.read().await.value_tags, None);
}

cases! {
    a_value_is_stored_for_as_long_as_it_is_kept
    a_token_serves_once
    a_removed_token_serves_nobody
    a_write_takes_the_token_away
    nothing_is_stored_once_a_version_moved
    versions_of_late_tags_are_recorded
    a_late_tag_keeps_the_version_that_it_has
    late_versions_are_not_asked_of_a_token
}
