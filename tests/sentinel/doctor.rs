//! The doctor, about sentinels and the servers that they watch.

use cachekit::Severity;
use cachekit_tests::sentinel::{self, Options, Sentinel, SentinelSet};
use cachekit_tests::{problems, until};

use crate::world::{is_at, settings};

/// A master as a cache should have it.
const RIGHT: &[&str] = &[
    "--maxmemory",
    "64mb",
    "--maxmemory-policy",
    "allkeys-lru",
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "2",
];

fn right() -> SentinelSet {
    SentinelSet::with(&Options {
        servers: RIGHT,
        ..Options::default()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_set_has_no_problem_and_the_current_master() {
    let set = right();
    let node = settings(&set.url()).build().await.expect("a valid set-up");
    until("it is connected", || is_at(&node, set.servers[0].addr())).await;
    for diagnosis in [settings(&set.url()).doctor().await, node.doctor().await] {
        assert_eq!(problems(&diagnosis), [""; 0]);
        let master = format!("redis://{}", set.servers[0].addr());
        assert_eq!(diagnosis.address, Some(master));
        assert!(diagnosis.bus_round_trip.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_that_does_not_answer_is_named() {
    let set = right();
    let (killed, hung) = (set.sentinels[1].addr(), set.sentinels[2].addr());
    set.sentinels[1].kill();
    set.sentinels[2].freeze();
    let told = problems(&settings(&set.url()).doctor().await);
    set.sentinels[2].thaw();
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, addr) in told.iter().zip([killed, hung]) {
        let begin =
            format!("warning sentinels: the sentinel redis://{addr} does not name the master: ");
        assert!(line.starts_with(&begin), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_that_disagree_are_named() {
    let servers = sentinel::servers(RIGHT, |master| master);
    let lines = sentinel::lines(&Options {
        down_after: 60_000,
        ..Options::default()
    });
    let watch = |number: usize| Sentinel::start(servers[number].addr(), &lines);
    let sentinels = [watch(0), watch(1)];
    let diagnosis = settings(&sentinel::url(&sentinels, "")).doctor().await;
    let told = problems(&diagnosis);
    assert_eq!(told.len(), 1, "{told:?}");
    let (first, second) = (sentinels[0].addr(), sentinels[1].addr());
    let wanted = format!(
        "warning sentinels: the sentinels disagree about the master: redis://{first} names {}, redis://{second} \
         names {}",
        servers[0].addr(),
        servers[1].addr()
    );
    assert_eq!(told[0], wanted);
    let few = diagnosis.findings.iter().any(|it| {
        it.severity == Severity::Info && it.problem == "the address names 2 of the sentinels"
    });
    assert!(few, "{diagnosis}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_takes_writes_without_replicas_is_named() {
    let set = SentinelSet::start();
    let told = problems(&settings(&set.url()).doctor().await);
    let found = told.iter().filter(|line| {
        line.starts_with("warning replicas: the master takes writes without any replica")
    });
    assert_eq!(found.count(), 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_that_are_all_away_are_an_error() {
    let diagnosis = settings("redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster")
        .doctor()
        .await;
    let told = problems(&diagnosis);
    assert!(
        told[0].starts_with(
            "error redis: the master `mymaster` cannot be reached: no sentinel names the master"
        ),
        "{told:?}"
    );
}
