//! Faults of the server, and commands of other programs.

use std::thread;
use std::time::Duration;

use cachekit_tests::redis::{Client, Redis};

use super::World;
use super::disruption::Disruption;
use super::history::{NOBODY, Write};
use super::masters;
use super::servers::fail_over;
use crate::cells::{Cell, Kind};
use crate::invalidation_mode::InvalidationMode;
use crate::node::{NAMESPACE, functions};
use cachekit_tests::clock;

/// How often each is drawn.
const AMONG: &[Disruption] = &[
    Disruption::DelEntry,
    Disruption::DelEntry,
    Disruption::DelEntry,
    Disruption::DelEntry,
    Disruption::DelVersion,
    Disruption::DelVersion,
    Disruption::DelVersion,
    Disruption::DelVersion,
    Disruption::DelGuard,
    Disruption::DelGuard,
    Disruption::KillPubsub,
    Disruption::KillPubsub,
    Disruption::KillNormal,
    Disruption::ScriptFlush,
    Disruption::FlushAll,
    Disruption::Restart,
    Disruption::Freeze,
    Disruption::Foreign,
    Disruption::Foreign,
    Disruption::Foreign,
    Disruption::Foreign,
    Disruption::FailOver,
    Disruption::FailOver,
    Disruption::KillMaster,
    Disruption::KillMaster,
    Disruption::StopMaster,
    Disruption::StopMaster,
    Disruption::MoveSlot,
    Disruption::MoveSlot,
    Disruption::MoveSlot,
    Disruption::MoveSlot,
    Disruption::MoveSlot,
    Disruption::MoveSlot,
];

/// Those that change who is the master.
const OF_MASTERS: &[Disruption] = &[
    Disruption::FailOver,
    Disruption::KillMaster,
    Disruption::StopMaster,
    Disruption::MoveSlot,
];

/// What a program of another version might say, and where.
const CHANNEL: &str = "wake";
const UNKNOWN: &[u8] = b"\xff\xffsomething happened";

/// Injects faults until the end.
pub(super) fn injure(world: &World, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    while !world.is_stopped() {
        world.sleep(Duration::from_millis(random.u64(20..300)));
        let Some(disruption) = world.disruptions.draw(AMONG, &mut random) else {
            return;
        };
        if !world.is_stopped() {
            let what = match (disruption, world.servers.cluster()) {
                (kind, Some(cluster)) if OF_MASTERS.contains(&kind) => {
                    masters::change(cluster, kind, &mut random)
                }
                (Disruption::FailOver, _) => world.servers.replace_master(fail_over, |_| ()),
                (Disruption::KillMaster, _) => {
                    let kill = |_: &_, master: &Redis| master.kill();
                    world.servers.replace_master(kill, Redis::restart)
                }
                (Disruption::StopMaster, _) => {
                    let stop = |_: &_, master: &Redis| master.freeze();
                    world.servers.replace_master(stop, Redis::thaw)
                }
                (other, _) => Some(inject(other, world, &mut random)),
            };
            if let Some(what) = what {
                world.disruptions.note(disruption, what);
            }
        }
    }
}

/// Injects one, and says what it was in words.
fn inject(disruption: Disruption, world: &World, random: &mut fastrand::Rng) -> String {
    let redis = world.servers.master();
    let client = || redis.client();
    match disruption {
        Disruption::DelEntry => remove(&mut client(), &["k:*", "k:*", "k:*", "c[0-9]*"], random),
        Disruption::DelVersion => {
            remove(&mut client(), &["t:*", "e:*", "f:*", "v:*", "all"], random)
        }
        Disruption::DelGuard => remove(&mut client(), &["g:*"], random),
        Disruption::KillPubsub => run(&mut client(), &["CLIENT", "KILL", "TYPE", "pubsub"]),
        Disruption::KillNormal => run(&mut client(), &["CLIENT", "KILL", "TYPE", "normal"]),
        Disruption::ScriptFlush => run(&mut client(), &["SCRIPT", "FLUSH"]),
        Disruption::FlushAll => run(&mut client(), &["FLUSHALL"]),
        Disruption::Foreign => foreign(world, &mut client()),
        Disruption::Restart => {
            let away = random.u64(0..500);
            let _answering = world.disruptions.answering();
            redis.kill();
            thread::sleep(Duration::from_millis(away));
            redis.restart();
            format!("after {away} ms")
        }
        _ => {
            let length = random.u64(20..1_000);
            let _answering = world.disruptions.answering();
            redis.freeze();
            thread::sleep(Duration::from_millis(length));
            redis.thaw();
            format!("until now, {length} ms")
        }
    }
}

/// Another program writes a row, removes its entry, and says so in a form that nobody knows:
/// whoever hears of it cannot trust anything any more.
fn foreign(world: &World, client: &mut Client) -> String {
    let cell = Cell::any(&[Kind::Plain, Kind::Maybe, Kind::Through, Kind::Direct]);
    let version = world.table.commit(cell);
    let began = clock::now();
    let key = format!("{NAMESPACE}:k:{}", functions::key(cell, world.bus));
    client.run(&["UNLINK", &key]);
    let channel = format!("{NAMESPACE}:{CHANNEL}");
    client.run(&[b"PUBLISH", channel.as_bytes(), UNKNOWN]);
    let accepted = clock::now();
    world.history.foreign(Write {
        node: NOBODY,
        cell,
        version,
        kind: "foreign".to_owned(),
        began,
        returned: accepted,
        accepted: Some(accepted),
        acknowledged: false,
        mode: InvalidationMode::Hard,
    });
    format!("{key}, version {version}")
}

fn run(client: &mut Client, command: &[&str]) -> String {
    format!("{:?}", client.run(command))
}

/// Removes some of the keys that match.
fn remove(client: &mut Client, patterns: &[&str], random: &mut fastrand::Rng) -> String {
    let pattern = random.choice(patterns).copied().unwrap_or_default();
    let mut keys = client.keys(&format!("{NAMESPACE}:{pattern}"));
    random.shuffle(&mut keys);
    keys.truncate(random.usize(1..8));
    if keys.is_empty() {
        return "nothing".to_owned();
    }
    // One by one: in a cluster they are in several slots.
    for key in &keys {
        client.run(&["DEL", key]);
    }
    keys.join(" ")
}
