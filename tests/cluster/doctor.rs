//! The doctor and the information of servers, about the masters of a cluster.

use cachekit::Policy;
use cachekit_tests::cluster::{Cluster, Options};
use cachekit_tests::redis::Reply;
use cachekit_tests::{problems, until};

use crate::world::{node, settings};

/// Masters as a cache should have them.
const RIGHT: &[&str] = &[
    "--maxmemory",
    "64mb",
    "--maxmemory-policy",
    "allkeys-lru",
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "1",
];

fn set(cluster: &Cluster, number: usize, setting: &str, value: &str) {
    let reply = cluster.servers[number]
        .client()
        .run(&["CONFIG", "SET", setting, value]);
    assert_eq!(reply, Reply::Text("OK".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_cluster_has_no_problem_and_all_masters() {
    let cluster = Cluster::with(&Options {
        replicas: 1,
        args: RIGHT,
        ..Options::default()
    });
    let node = node(&cluster).await;
    let mut masters: Vec<_> = (0..3)
        .map(|number| format!("redis://{}", cluster.addr(number)))
        .collect();
    masters.sort();
    for diagnosis in [settings(&cluster).doctor().await, node.doctor().await] {
        assert_eq!(problems(&diagnosis), [""; 0]);
        assert_eq!(diagnosis.address, Some(masters.join(",")));
        assert!(diagnosis.bus_round_trip.is_some());
        assert_eq!(diagnosis.server.map(|it| it.servers), Some(3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_problem_is_told_with_the_masters_that_have_it() {
    let cluster = Cluster::with(&Options {
        args: &RIGHT[..4],
        ..Options::default()
    });
    set(&cluster, 0, "maxmemory-policy", "noeviction");
    set(&cluster, 1, "min-replicas-to-write", "1");
    let account = "ACL SETUSER default -strlen -set";
    let words: Vec<_> = account.split(' ').collect();
    cluster.servers[2].client().run(&words);
    let addr = |number: usize| format!("redis://{}", cluster.addr(number));
    let mut without = [addr(0), addr(2)];
    without.sort();
    let told = problems(&settings(&cluster).doctor().await);
    for begin in [
        format!(
            "error rights: on {}: the account may not run STRLEN, SET",
            addr(2)
        ),
        format!(
            "error writes: on {}: the server refuses writes with `NOREPLICAS`",
            addr(1)
        ),
        format!(
            "warning eviction: on {}: `maxmemory-policy` is `noeviction`",
            addr(0)
        ),
        format!(
            "warning replicas: on {}: a master takes writes",
            without.join(", ")
        ),
    ] {
        let found = told.iter().filter(|line| line.starts_with(&begin));
        assert_eq!(found.count(), 1, "{begin}: {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_without_a_master_and_a_master_that_is_away_are_errors() {
    let cluster = Cluster::start();
    let node = node(&cluster).await;
    for server in &cluster.servers {
        // No master has what all of them have forgotten.
        server.client().run(&["CLUSTER", "DELSLOTSRANGE", "0", "9"]);
    }
    let of = |told: &[String], begin: &str| {
        let found = told.iter().filter(|line| line.starts_with(begin));
        found.count()
    };
    let slots = "error slots: no master has 10 of the 16384 slots";
    let told_now = problems(&node.doctor().await);
    assert_eq!(of(&told_now, slots), 1, "{told_now:#?}");
    cluster.servers[1].kill();
    let told_now = problems(&node.doctor().await);
    let away = format!("error redis: redis://{} cannot be reached", cluster.addr(1));
    assert_eq!(of(&told_now, &away), 1, "{told_now:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_information_is_that_of_all_masters() {
    let cluster = Cluster::start();
    let node = node(&cluster).await;
    for number in 0..30 {
        node.put(&format!("k{number}"), 1, &Policy::new()).await;
    }
    until("all are stored", || node.stats().background.running == 0).await;
    let count = |number: usize| cluster.servers[number].client().int(&["DBSIZE"]);
    let sizes: Vec<_> = (0..3).map(count).collect();
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
    let info = node.server_info().await.expect("it answers");
    assert_eq!(info.keys, u64::try_from(sizes.iter().sum::<i64>()).unwrap());
    assert_eq!(
        (info.servers, &*info.mode, &*info.role),
        (3, "cluster", "master")
    );
    assert!(
        info.clients >= 4 && info.used_memory > 3_000_000,
        "{info:?}"
    );
    assert_eq!(
        (info.max_memory, &*info.eviction_policy),
        (None, "noeviction")
    );
    set(&cluster, 2, "maxmemory-policy", "allkeys-lru");
    let info = node.server_info().await.expect("it answers");
    assert_eq!(info.eviction_policy, "allkeys-lru", "the worst for queues");
}
