//! The searches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use shuttle::future::{block_on, spawn, yield_now};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, FailurePersistence, Runner};

use crate::base::fault::Fault;
use crate::model::owner::OwnerId;
use crate::world::{End, Ended, World};

/// Orders that each search tries, twice: `CACHEKIT_ORDERS` may say another number.
const ORDERS: usize = 2_000;

/// How many changes of the running task PCT places at random.
const CHANGES: usize = 4;

const SEED: u64 = 7;

/// The longest wait there is: no time passes.
const PATIENT: Duration = Duration::MAX;
const IMPATIENT: Duration = Duration::from_secs(1);

/// Tries `scene` in many orders.
fn search(scene: fn(Option<Fault>), fault: Option<Fault>) {
    let orders = std::env::var("CACHEKIT_ORDERS").ok();
    let orders = orders.map_or(ORDERS, |orders| orders.parse().expect("a number"));
    let at_random = RandomScheduler::new_from_seed(SEED, orders);
    run(scene, fault, at_random);
    let few_changes = PctScheduler::new_from_seed(SEED, CHANGES, orders);
    run(scene, fault, few_changes);
}

fn run(scene: fn(Option<Fault>), fault: Option<Fault>, scheduler: impl Scheduler + 'static) {
    let mut config = Config::new();
    config.silence_warnings = true;
    if fault.is_some() {
        // A failure is what is looked for.
        config.failure_persistence = FailurePersistence::None;
    }
    Runner::new(scheduler, config).run(move || scene(fault));
}

/// The search finds out that `fault`'s guard is gone, by what it says then.
#[track_caller]
fn finds(scene: fn(Option<Fault>), fault: Fault, what: &str) {
    let searched = catch_unwind(AssertUnwindSafe(|| search(scene, Some(fault))));
    let said = searched.expect_err("the search fails without the guard");
    let said = said
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(said.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    assert!(said.contains(what), "{said}");
}

/// Calls, and how they end; writers beside them. Nothing is left in the table.
fn meet(world: &Arc<World>, ends: &[End], writes: usize) -> Vec<Ended> {
    let calls: Vec<_> = ends
        .iter()
        .map(|&end| spawn(Arc::clone(world).call(end, PATIENT)))
        .collect();
    let writes: Vec<_> = (0..writes)
        .map(|_| {
            let world = Arc::clone(world);
            shuttle::thread::spawn(move || world.write())
        })
        .collect();
    for write in writes {
        write.join().expect("it ends");
    }
    let ended = calls
        .into_iter()
        .map(|call| block_on(call).expect("it ends"));
    let ended = ended.collect();
    assert_eq!(world.flights.len(), 0, "a flight was left in the table");
    ended
}

/// Callers of one key, one after the other too.
fn one_computes(fault: Option<Fault>) {
    let world = World::new(fault);
    let ended = meet(&world, &[End::Value; 4], 0);
    assert_eq!(ended, [Ended::Value(0); 4]);
    assert_eq!(world.laws.finished(), 1);
}

/// The key is invalidated twice meanwhile.
fn invalidated_meanwhile(fault: Option<Fault>) {
    let world = World::new(fault);
    meet(&world, &[End::Value; 4], 2);
    // A last one, after everything.
    let last = block_on(Arc::clone(&world).call(End::Value, PATIENT));
    assert_eq!(last, Ended::Value(2));
}

/// Callers are dropped at whatever await they are at, the leader or others.
fn dropped_anywhere(fault: Option<Fault>) {
    let world = World::new(fault);
    let calls: Vec<_> = (0..4)
        .map(|_| spawn(Arc::clone(&world).call(End::Value, PATIENT)))
        .collect();
    shuttle::thread::yield_now();
    calls[0].abort();
    calls[2].abort();
    let ended: Vec<_> = calls.into_iter().map(block_on).collect();
    for kept in [&ended[1], &ended[3]] {
        assert!(matches!(kept, Ok(Ended::Value(0))), "{kept:?}");
    }
    assert_eq!(world.flights.len(), 0, "a flight was left in the table");
    assert!(world.laws.finished() == 1, "one computation is enough");
}

/// Callers are dropped, and the key is invalidated.
fn dropped_and_invalidated(fault: Option<Fault>) {
    let world = World::new(fault);
    let calls: Vec<_> = (0..4)
        .map(|_| spawn(Arc::clone(&world).call(End::Value, PATIENT)))
        .collect();
    let writer = {
        let world = Arc::clone(&world);
        shuttle::thread::spawn(move || world.write())
    };
    calls[0].abort();
    writer.join().expect("it ends");
    for (number, call) in calls.into_iter().enumerate() {
        let ended = block_on(call);
        assert!(ended.is_ok() || number == 0, "{ended:?}");
    }
    assert_eq!(world.flights.len(), 0, "a flight was left in the table");
}

/// Computations panic, or end with errors that are shared or not.
fn failing(fault: Option<Fault>) {
    let world = World::new(fault);
    let ended = meet(&world, &[End::Panic, End::Value, End::Panic, End::Value], 1);
    for (ended, may_panic) in ended.iter().zip([true, false, true, false]) {
        assert!(may_panic || matches!(ended, Ended::Value(_)), "{ended:?}");
    }
    let world = World::new(fault);
    meet(&world, &[End::Error, End::Value, End::Error], 1);
}

/// Errors that cannot be shared: every caller ends, with a value or its own error.
fn own_errors(fault: Option<Fault>) {
    let world = World::new(fault);
    world.laws.wide();
    let ends = [End::OwnError, End::OwnError, End::Value, End::OwnError];
    let ended = meet(&world, &ends, 0);
    assert!(matches!(ended[2], Ended::Value(0)), "{ended:?}");
}

/// A computation hangs, and those who wait lose patience.
fn hung(fault: Option<Fault>) {
    let world = World::new(fault);
    world.laws.wide();
    let hung = spawn(Arc::clone(&world).call(End::Never, IMPATIENT));
    block_on(yield_now());
    let calls: Vec<_> = (0..3)
        .map(|_| spawn(Arc::clone(&world).call(End::Value, IMPATIENT)))
        .collect();
    block_on(yield_now());
    hung.abort();
    for call in calls {
        assert!(matches!(block_on(call), Ok(Ended::Value(0))));
    }
    let _ = block_on(hung);
    assert_eq!(world.flights.len(), 0, "a flight was left in the table");
}

/// Callers of another owner want the same text, and it is invalidated: of two owners' computations
/// one may be there beside the other.
fn another_s_key(fault: Option<Fault>) {
    let world = World::new(fault);
    world.laws.wide();
    let calls: Vec<_> = [1, 2, 1, 2]
        .map(|owner| {
            let world = Arc::clone(&world);
            spawn(world.call_of(OwnerId(owner), End::Value, PATIENT))
        })
        .into();
    world.write();
    for call in calls {
        assert!(matches!(block_on(call), Ok(Ended::Value(_))));
    }
    assert_eq!(world.flights.len(), 0, "a flight was left in the table");
    for owner in [1, 2] {
        let world = Arc::clone(&world);
        let last = block_on(world.call_of(OwnerId(owner), End::Value, PATIENT));
        assert_eq!(last, Ended::Value(1));
    }
}

#[test]
fn of_callers_that_meet_one_computes_and_all_have_the_value() {
    search(one_computes, None);
}

#[test]
fn after_an_invalidation_nobody_gets_what_was_there_before() {
    search(invalidated_meanwhile, None);
}

#[test]
fn a_caller_dropped_anywhere_hands_over_to_one() {
    search(dropped_anywhere, None);
    search(dropped_and_invalidated, None);
}

#[test]
fn a_panic_or_an_error_leaves_nobody_waiting() {
    search(failing, None);
    search(own_errors, None);
}

#[test]
fn a_computation_that_hangs_leaves_nobody_waiting() {
    search(hung, None);
}

#[test]
fn nobody_joins_the_computation_of_another_owner() {
    search(another_s_key, None);
}

#[test]
fn a_flight_that_is_joined_by_another_owner_is_found() {
    finds(another_s_key, Fault::JoinAnother, "of another owner");
}

#[test]
fn a_flight_that_leaves_before_its_outcome_is_set_is_found() {
    finds(
        one_computes,
        Fault::RemoveBeforeOutcome,
        "second computation",
    );
}

#[test]
fn a_leader_that_does_not_look_again_is_found() {
    finds(one_computes, Fault::NoSecondLook, "second computation");
}

#[test]
fn a_flight_that_takes_another_with_it_is_found() {
    finds(
        invalidated_meanwhile,
        Fault::RemoveAnyFlight,
        "second computation",
    );
}

#[test]
fn an_outcome_that_survives_an_invalidation_is_found() {
    finds(
        invalidated_meanwhile,
        Fault::SpareOutcome,
        "was invalidated",
    );
}

#[test]
fn a_flight_that_is_led_although_nobody_can_join_it_is_found() {
    finds(
        dropped_and_invalidated,
        Fault::LeadGrounded,
        "second computation",
    );
}
