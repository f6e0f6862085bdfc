//! Another server becomes the master of a set with Sentinel.

use std::time::Instant;

use cachekit::OnNewMaster;
use cachekit_tests::redis::Reply;
use cachekit_tests::sentinel::wait as wait_until;

use super::{Inflicted, ROW, Row, proof, wait};
use crate::said::PASSWORD;
use crate::set::Layout;
use crate::world::Server;

/// A server that nobody follows refuses writes: as `docs/topologies.md` asks for.
const GUARDED: &[&str] = &[
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "2",
];

const REPLAY: &str =
    "`on_new_master = replay`: old values are counted, and not promised to be none";

const SET: Row = Row {
    args: GUARDED,
    set: Some(Layout {
        down_after: 1_000,
        is_split: false,
    }),
    ..ROW
};

/// The first server refuses writes before the others choose another master.
const SPLIT: Row = Row {
    args: GUARDED,
    set: Some(Layout {
        down_after: 5_000,
        is_split: true,
    }),
    inflict: split,
    ..ROW
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "planned",
        what: "`SENTINEL FAILOVER`: a replica becomes the master, and the old master steps down later",
        inflict: planned,
        ..SET
    },
    Row {
        name: "planned-replay",
        what: "as `planned`",
        assumes: REPLAY,
        on_new_master: OnNewMaster::Replay,
        is_counted: true,
        inflict: planned,
        ..SET
    },
    Row {
        name: "master-killed",
        what: "kill -9 of the master, which stays away",
        is_quick: true,
        inflict: killed,
        ..SET
    },
    Row {
        name: "master-killed-replay",
        what: "as `master-killed`",
        assumes: REPLAY,
        on_new_master: OnNewMaster::Replay,
        is_counted: true,
        inflict: killed,
        ..SET
    },
    Row {
        name: "master-stopped",
        what: "SIGSTOP of the master and of a sentinel; both go on when there is another master",
        inflict: stopped,
        ..SET
    },
    Row {
        name: "master-stopped-replay",
        what: "as `master-stopped`",
        assumes: REPLAY,
        on_new_master: OnNewMaster::Replay,
        is_counted: true,
        inflict: stopped,
        ..SET
    },
    Row {
        name: "split",
        what: "the master, the second node and a sentinel are cut off from all others, which choose \
               another master; later the network is whole again",
        assumes: "`min-replicas-to-write 1` and `min-replicas-max-lag 2`, and a \
                  `down-after-milliseconds` of more than 4 seconds",
        ..SPLIT
    },
    Row {
        name: "split-replay",
        what: "as `split`",
        assumes: REPLAY,
        on_new_master: OnNewMaster::Replay,
        is_counted: true,
        ..SPLIT
    },
    Row {
        name: "split-unguarded",
        what: "as `split`, without `min-replicas-to-write`: the old master goes on with its node",
        assumes: "nothing, so old values are counted: each side has a master, and neither hears of the \
                  invalidations of the other side",
        args: &[],
        is_counted: true,
        ..SPLIT
    },
];

fn planned(server: &Server) -> Inflicted {
    let set = server.set()?;
    let start = Instant::now();
    let reply = set.sentinels[0].fail_over();
    if reply != Reply::Text("OK".to_owned()) {
        return Err(format!("the sentinel says {reply:?}"));
    }
    set.wait_for_another(&set.sentinels);
    let agreed = start.elapsed();
    step_down(server);
    let took = start.elapsed();
    proof(
        took > agreed,
        format!(
            "all sentinels agreed after {:.1} s, the old master stepped down after {:.1} s",
            agreed.as_secs_f64(),
            took.as_secs_f64()
        ),
    )
}

fn killed(server: &Server) -> Inflicted {
    let set = server.set()?;
    let start = Instant::now();
    server.redis().kill();
    set.wait_for_another(&set.sentinels);
    Ok(format!(
        "another master after {:.1} s",
        start.elapsed().as_secs_f64()
    ))
}

fn stopped(server: &Server) -> Inflicted {
    let set = server.set()?;
    let start = Instant::now();
    server.redis().freeze();
    set.sentinels[2].freeze();
    set.wait_for_another(&set.sentinels[..2]);
    let took = start.elapsed().as_secs_f64();
    wait(500);
    server.redis().thaw();
    set.sentinels[2].thaw();
    step_down(server);
    Ok(format!("another master after {took:.1} s"))
}

/// Cuts the first server off with its node, and joins both sides again.
fn split(server: &Server) -> Inflicted {
    let set = server.set()?;
    let relay = set.relay.as_ref().ok_or("nothing can be cut")?;
    let start = Instant::now();
    // The sentinel on that side would learn of the others by their replicas.
    set.sentinels[0].freeze();
    relay.cut();
    set.wait_for_another(&set.sentinels[1..]);
    let took = start.elapsed().as_secs_f64();
    wait(2_000);
    let takes_writes = server.run(&["UNLINK", "nothing"]).is_ok();
    relay.heal();
    set.sentinels[0].thaw();
    set.wait_for_another(&set.sentinels);
    step_down(server);
    let how = if takes_writes { "took" } else { "refused" };
    Ok(format!(
        "another master after {took:.1} s; the old one {how} writes beside it, and stepped down after {:.1} s",
        start.elapsed().as_secs_f64()
    ))
}

/// Waits until the old master follows the new one.
fn step_down(server: &Server) {
    wait_until("the old master steps down", || is_replica(server));
}

/// `false` too while it ends the connections of its clients, as it does when it steps down.
fn is_replica(server: &Server) -> bool {
    let mut client = server.redis().client();
    let mut ask = |command: &[&str]| client.try_run(command);
    match (ask(&["AUTH", PASSWORD]), ask(&["INFO", "replication"])) {
        (Ok(_), Ok(Reply::Bulk(info))) => String::from_utf8_lossy(&info).contains("role:slave"),
        _ => false,
    }
}
