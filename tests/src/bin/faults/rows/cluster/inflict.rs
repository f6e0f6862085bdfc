//! The faults of a server of a Redis Cluster.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cachekit_tests::sentinel::wait as wait_until;

use crate::masters::Masters;
use crate::rows::{Inflicted, proof, refusal, wait};
use crate::settings::NAMESPACE;
use crate::world::{Server, run};

/// The name by which the network tells the second node from the first one.
const INSIDE: &str = "node-1";

/// So many slots are moved, those with names.
const MOST_SLOTS: usize = 60;

pub(super) fn planned(server: &Server) -> Inflicted {
    let it = server.masters()?;
    let start = Instant::now();
    let replica = it.cluster.replica_now(it.hit).ok_or("no replica")?;
    it.cluster.fail_over(replica);
    let new = it.wait_for_another()?;
    let took = start.elapsed();
    wait_until("the old master follows", || !it.cluster.is_master(it.hit));
    proof(
        new == replica,
        format!("another master after {:.1} s", took.as_secs_f64()),
    )
}

pub(super) fn killed(server: &Server) -> Inflicted {
    let start = Instant::now();
    server.redis().kill();
    server.masters()?.wait_for_another()?;
    Ok(another_after(start))
}

pub(super) fn stopped(server: &Server) -> Inflicted {
    let it = server.masters()?;
    let start = Instant::now();
    server.redis().freeze();
    it.wait_for_another()?;
    let evidence = another_after(start);
    wait(500);
    server.redis().thaw();
    wait_until("the old master follows", || !it.cluster.is_master(it.hit));
    Ok(evidence)
}

fn another_after(start: Instant) -> String {
    let took = start.elapsed().as_secs_f64();
    format!("another master after {took:.1} s")
}

pub(super) fn hung(server: &Server) -> Inflicted {
    let it = server.masters()?;
    server.redis().freeze();
    wait(1_000);
    server.redis().thaw();
    proof(
        it.cluster.master_now(it.slot) == Some(it.hit),
        "it stayed the master",
    )
}

pub(super) fn refusing(server: &Server) -> Inflicted {
    refused_while(server, "min-replicas-to-write", ["2", "0"], &["UNLINK"])
}

pub(super) fn full(server: &Server) -> Inflicted {
    refused_while(server, "maxmemory", ["1", "0"], &["SET", "1"])
}

/// Sets a parameter of the server to the first of `values` for a while, and then to the second one.
/// Meanwhile, a write of the server's own slot must be refused.
fn refused_while(server: &Server, parameter: &str, values: [&str; 2], write: &[&str]) -> Inflicted {
    let unused = format!("unused{{{}}}", server.masters()?.probes[0]);
    let mut client = server.client();
    let set = |client: &mut _, value| run(client, &["CONFIG", "SET", parameter, value]);
    set(&mut client, values[0])?;
    let words: Vec<&str> = [write[0], &unused]
        .into_iter()
        .chain(write[1..].iter().copied())
        .collect();
    let refused = run(&mut client, &words);
    wait(1_500);
    set(&mut client, values[1])?;
    refusal(refused)
}

pub(super) fn slow(server: &Server) -> Inflicted {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < Duration::from_millis(1_500) {
        server.run(&["CLIENT", "PAUSE", "60", "ALL"])?;
        wait(80);
        count += 1;
    }
    Ok(format!("{count} pauses"))
}

pub(super) fn restarted(server: &Server) -> Inflicted {
    let start = Instant::now();
    server.redis().kill();
    wait(300);
    server.redis().restart();
    take_writes(server)?;
    Ok(format!(
        "it took writes again after {:.1} s",
        start.elapsed().as_secs_f64()
    ))
}

pub(super) fn restarted_with_the_past(server: &Server) -> Inflicted {
    server.run(&["SAVE"])?;
    wait(700);
    let evidence = restarted(server)?;
    let loaded = "rdb_last_load_keys_loaded";
    let keys = server.client().info("persistence", loaded);
    let keys: u64 = keys.and_then(|keys| keys.parse().ok()).unwrap_or_default();
    proof(keys > 0, format!("{keys} keys came back, {evidence}"))
}

/// Waits until the server of the fault takes writes, which it does not right after a start.
fn take_writes(server: &Server) -> Result<(), String> {
    let it = server.masters()?;
    wait_until("the server takes writes", || takes_writes(server, it));
    Ok(())
}

fn takes_writes(server: &Server, it: &Masters) -> bool {
    let unused = format!("unused{{{}}}", it.probes[0]);
    server.run(&["UNLINK", &unused]).is_ok()
}

pub(super) fn moved(server: &Server) -> Inflicted {
    let it = server.masters()?;
    let names = server.client().keys(&format!("{NAMESPACE}:*"));
    let slots: BTreeSet<u16> = names.iter().map(|name| it.cluster.slot(name)).collect();
    let others = slots.into_iter().filter(|slot| *slot != it.slot);
    let to = (it.hit + 1) % 3;
    let start = Instant::now();
    let mut count = 0;
    for slot in std::iter::once(it.slot).chain(others).take(MOST_SLOTS) {
        let moving = it.cluster.begin_move(slot, it.hit, to);
        wait(10);
        moving.end();
        count += 1;
    }
    proof(
        it.cluster.master_now(it.slot) == Some(to),
        format!(
            "{count} slots were moved in {:.1} s",
            start.elapsed().as_secs_f64()
        ),
    )
}

pub(super) fn bus_moved(server: &Server) -> Inflicted {
    let it = server.masters()?;
    let to = (it.hit + 1) % 3;
    let moving = it.cluster.begin_move(it.slot, it.hit, to);
    wait(500);
    moving.end();
    proof(it.cluster.master_now(it.slot) == Some(to), "it was moved")
}

/// Cuts the server of the fault off with the second node, and joins both sides again.
pub(super) fn split(server: &Server) -> Inflicted {
    let it = server.masters()?;
    let start = Instant::now();
    it.cluster.cut_off(it.hit, INSIDE);
    let mut refused = None;
    let mut another = None;
    wait_until("there is another master", || {
        if refused.is_none() && !takes_writes(server, it) {
            refused = Some(start.elapsed());
        }
        if another.is_none() && it.cluster.master_now(it.slot) != Some(it.hit) {
            another = Some(start.elapsed());
        }
        refused.is_some() && another.is_some()
    });
    wait(2_000);
    it.cluster.heal();
    let new = it.wait_for_another()?;
    wait_until("the old master follows", || {
        it.cluster.replica_now(new) == Some(it.hit)
    });
    let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
    Ok(format!(
        "the old master refused writes after {:.1} s, another master after {:.1} s, the old one followed \
         it after {:.1} s",
        seconds(refused),
        seconds(another),
        start.elapsed().as_secs_f64()
    ))
}
