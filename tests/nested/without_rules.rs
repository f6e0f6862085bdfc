//! The rules by which lineage holds, left out one at a time: the tests that are about them find
//! that.

use cachekit::testing::Fault;

use crate::levels::By;
use crate::{invalidation, races};

#[tokio::test(start_paused = true)]
async fn versions_from_the_outer_grant_are_too_late() {
    let [writer, _] = races::plain_computed_unheard(Some(Fault::LineageAtGrant)).await;
    assert_eq!(writer, 0);
}

#[tokio::test(start_paused = true)]
async fn an_epoch_that_nobody_holds_has_to_move() {
    let got = races::read_on_the_way(true, Some(Fault::EpochOnlyWhereHeld)).await;
    assert_eq!(got, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_door_knows_of_a_flight_is_too_little() {
    let got = invalidation::joined_after_the_inner(By::Key, Some(Fault::JoinersByDoor)).await;
    assert_eq!(got, 0);
}
