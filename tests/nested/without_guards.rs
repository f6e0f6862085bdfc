//! Each guard of composition, removed: the tests that are about it find that.

use cachekit::testing::Fault;

use crate::levels::By;
use crate::world::SECOND;
use crate::{ages, hits, invalidation, races, unkept};

#[tokio::test]
async fn without_a_record_an_outer_entry_outlives_the_inner_one() {
    let fault = Some(Fault::ForgetNested);
    assert_eq!(
        invalidation::after_the_innermost(By::Key, false, fault).await,
        (0, 0)
    );
    let got = invalidation::invalidated_before_the_outer_ends(By::Tag, fault).await;
    assert_eq!(got, 0);
    assert_eq!(hits::after_one(By::Key, false, fault).await, 0);
}

#[tokio::test(start_paused = true)]
async fn without_the_inner_versions_the_store_takes_what_is_old() {
    let fault = Some(Fault::FillWithoutInner);
    let [writer, _] = races::invalidated_before_the_outer_ends(fault).await;
    assert_eq!(writer, 0);
}

#[tokio::test]
async fn without_the_inner_ends_ages_add_up() {
    let oldest = ages::oldest(Some(Fault::AddAges)).await;
    assert_eq!(oldest, 897 * SECOND);
}

#[tokio::test]
async fn a_refresh_that_takes_what_is_stale_keeps_it() {
    let seconds = ages::seconds_until_right(1, Some(Fault::RefreshFromStale)).await;
    assert_ne!(seconds, Some(1));
}

#[tokio::test(start_paused = true)]
async fn with_one_move_of_its_epoch_a_write_leaves_what_was_read_meanwhile() {
    let got = races::read_while_the_write_is_stored(true, Some(Fault::OneEpochMove)).await;
    assert_eq!(got, 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_record_of_what_is_not_kept_it_does_not_count() {
    let fault = Some(Fault::ForgetUnkept);
    let got = (
        unkept::made_of_itself(fault).await,
        unkept::made_of_what_fails_to_be_stored(fault).await,
    );
    assert_eq!(got, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_value_without_versions_is_stored_though_it_is_old() {
    let fault = Some(Fault::PassWithoutVersion);
    let [writer, _] = races::computed_unheard_without_versions(false, fault).await;
    assert_eq!(writer, 0);
}
