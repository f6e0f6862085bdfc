//! Prints the outcomes as a table.

mod cluster;

use std::process::Command;
use std::time::Duration;

use crate::judge::{MOST_WAIT, NOTICED, WAITED};
use crate::left_out;
use crate::outcome::Outcome;
use crate::rows;
use crate::settings::{
    ALLOWANCE, ALONE, BUS_TIMEOUT, LOADER, LOCK_TIMEOUT, RECOVERY, REDIS_TIMEOUT, WRITE, shared,
};
use crate::topology::Topology;

/// What a row is measured by.
struct Column {
    name: &'static str,
    /// What is promised of it, if anything.
    bound: fn() -> String,
    cell: fn(&Outcome) -> String,
}

const COLUMNS: &[Column] = &[
    Column {
        name: "calls",
        bound: String::new,
        cell: |it| it.calls.to_string(),
    },
    Column {
        name: "failed",
        bound: none,
        cell: |it| it.failed.to_string(),
    },
    Column {
        name: "alone",
        bound: || at_most(ALONE + ALLOWANCE),
        cell: |it| millis(it.alone),
    },
    Column {
        name: "shared",
        bound: || at_most(shared() + ALLOWANCE),
        cell: |it| millis(it.shared),
    },
    Column {
        name: "write",
        bound: || at_most(WRITE + ALLOWANCE),
        cell: |it| millis(it.write),
    },
    Column {
        name: "waited",
        bound: String::new,
        cell: |it| format!("{}/{}", it.waited, it.late_calls),
    },
    Column {
        name: "back",
        bound: || at_most(RECOVERY),
        cell: back,
    },
    Column {
        name: "stale",
        bound: none,
        cell: |it| it.stale.to_string(),
    },
    Column {
        name: "writes",
        bound: String::new,
        cell: |it| it.invalidations.to_string(),
    },
    Column {
        name: "lost",
        bound: none,
        cell: |it| it.lost.to_string(),
    },
];

fn none() -> String {
    "=0".to_owned()
}

fn at_most(bound: Duration) -> String {
    format!("<={}", millis(bound))
}

fn millis(length: Duration) -> String {
    format!("{:.0}", length.as_secs_f64() * 1_000.0)
}

fn back(outcome: &Outcome) -> String {
    let never = if outcome.row.comes_back { "never" } else { "-" };
    outcome.back.map_or(never.to_owned(), millis)
}

fn result(outcome: &Outcome) -> &'static str {
    if outcome.is_ok() { "ok" } else { "FAIL" }
}

/// Where another server becomes the master: from the beginning of the fault until both nodes use it.
const AGAIN: Column = Column {
    name: "again",
    bound: String::new,
    cell: |it| it.again.map_or("never".to_owned(), millis),
};

/// In a cluster: how long Redis gave no value of a master that nothing happens to.
const OTHERS: Column = Column {
    name: "others",
    bound: String::new,
    cell: |it| millis(it.others),
};

fn columns(topology: Topology) -> Vec<&'static Column> {
    let mut columns: Vec<_> = COLUMNS.iter().collect();
    let of_several: &[_] = match topology {
        Topology::One => &[],
        Topology::Sentinel => &[&AGAIN],
        Topology::Cluster => &[&AGAIN, &OTHERS],
    };
    let back = columns.iter().position(|it| it.name == "back");
    let at = back.map_or(0, |back| back + 1);
    columns.splice(at..at, of_several.iter().copied());
    columns
}

fn topology_of(outcome: &Outcome) -> Topology {
    match (outcome.row.cluster, outcome.row.set) {
        (Some(_), _) => Topology::Cluster,
        (None, Some(_)) => Topology::Sentinel,
        (None, None) => Topology::One,
    }
}

/// The names of all rows.
pub(crate) fn list(topology: Topology) -> String {
    let row = |row: rows::Row| {
        let quick = if row.is_quick { "quick" } else { "" };
        format!("{:<22} {:<6} {}", row.name, quick, row.what)
    };
    let mut rows: Vec<_> = rows::of(topology).into_iter().map(row).collect();
    rows.extend(left_out::lines(topology));
    rows.join("\n")
}

fn aligned(topology: Topology, name: &str, cells: impl Fn(&Column) -> String) -> String {
    let columns = columns(topology).into_iter();
    let cells = columns.map(|column| format!(" {:>9}", cells(column)));
    format!("{name:<21}{}", cells.collect::<String>())
}

/// The columns' names, and what they are held to.
pub(crate) fn head(topology: Topology) -> String {
    let names = aligned(topology, "fault", |column| column.name.to_owned());
    let bounds = aligned(topology, "(milliseconds)", |column| (column.bound)());
    format!("{names}  result\n{bounds}")
}

/// One row.
pub(crate) fn line(outcome: &Outcome) -> String {
    let topology = topology_of(outcome);
    let cells = aligned(topology, outcome.row.name, |column| (column.cell)(outcome));
    format!("{cells}  {}", result(outcome))
}

/// All of it, for the documentation.
pub(crate) fn markdown(topology: Topology, outcomes: &[Outcome]) -> String {
    let names: Vec<_> = columns(topology).iter().map(|column| column.name).collect();
    let (opening, level) = match topology {
        Topology::One => (opening(), "##"),
        Topology::Sentinel => (opening_of_sentinels(), "###"),
        Topology::Cluster => (cluster::opening(), "###"),
    };
    let mut lines = vec![
        opening,
        format!("| fault | what is done | {} | result |", names.join(" | ")),
        format!("|---|---|{}---|", "--:|".repeat(names.len())),
    ];
    lines.extend(outcomes.iter().map(cells));
    let of = if topology == Topology::One {
        ""
    } else {
        " about the servers"
    };
    lines.push(format!(
        "\n{level} Assumptions{of}\n\nMost rows assume nothing. The others:\n"
    ));
    let rows = outcomes.iter().map(|outcome| &outcome.row);
    let assuming = rows.filter(|row| row.assumes != rows::NOTHING);
    lines.extend(assuming.map(|row| format!("- {}: {}.", row.name, row.assumes)));
    for outcome in outcomes.iter().filter(|outcome| !outcome.is_ok()) {
        let name = outcome.row.name;
        lines.push(format!("\n**{name}** is not as promised:\n"));
        lines.extend(
            outcome
                .problems
                .iter()
                .map(|problem| format!("- {problem}")),
        );
    }
    lines.extend(left_out::section(topology));
    lines.join("\n") + "\n"
}

/// One row of the table.
fn cells(outcome: &Outcome) -> String {
    let columns = columns(topology_of(outcome)).into_iter();
    let cells: Vec<_> = columns.map(|column| (column.cell)(outcome)).collect();
    let row = &outcome.row;
    format!(
        "| {} | {} ({}) | {} | {} |",
        row.name,
        row.what,
        outcome.evidence,
        cells.join(" | "),
        result(outcome)
    )
}

fn opening_of_sentinels() -> String {
    "
## Sentinel

Three servers, three sentinels and two nodes on one machine, by

    cargo run -p cachekit-tests --bin faults -- --topology sentinel --markdown docs/faults.md

The nodes call and write as above, and know the sentinels only. `down-after-milliseconds` is 1,000, and 5,000 in the rows `split`, which also
have the second node and one sentinel on the side of the old master. The servers have `min-replicas-to-write 1`, but for `split-unguarded`, and
`repl-diskless-sync-delay 0`.
Each kind of fault is run with `on_new_master = clear`, the default, and with `replay`.

- **again**: milliseconds from the beginning of the fault until both nodes use another server. Meanwhile calls run without Redis, and no
  call fails: the columns **failed**, **alone**, **shared** and **write** say what callers felt. In the rows `split`, the second node, on the
  side of the old master, is the last one: it can use the new master when the network is whole again.
- **stale**, **lost**: as above. With `replay`, and in `split-unguarded`, they are counted and not promised to be none. With `replay`, the
  new master may lack invalidations that the old one accepted last, until the node that made them repeats them. The old master of a split
  accepts many of these before it refuses writes. In `split-unguarded`, each side reads what its own master has, until the network is whole.
"
    .to_owned()
}

fn opening() -> String {
    let redis = said("redis-server", &["--version"]);
    let redis = redis.split(' ').find_map(|word| word.strip_prefix("v="));
    let ms = |length| format!("{} ms", millis(length));
    format!(
        "# Faults of Redis\n\n\
         **TL;DR** Redis is killed, frozen, filled, cut off and made to send garbage. Promised in every \
         row: no call fails, none waits longer than stated, none gets a value that is staler than \
         stated, and no invalidation is lost. The last column says whether it was so.\n\n\
         {date}, cachekit {version}, Redis {redis}, two nodes and the server on one machine, by\n\n    \
         cargo run --release -p cachekit-tests --bin faults -- --markdown docs/faults.md\n\n\
         Two nodes call and write without a pause, each through a network of its own, before, \
         during and after the fault. The cached function takes {loader}; `redis_timeout` is \
         {redis_timeout}, `bus_timeout` {bus}, `lock_timeout` {lock}. Without messages, the first \
         node serves from memory for 30 seconds, the default, and the second one not at all.\n\n\
         - **failed**: calls that did not return, or returned no value of their row. Promised: none.\n\
         - **alone**: the slowest call of a key that no other call uses, in milliseconds beyond \
         its function's time. Promised: {alone}, and {allowance} for the machine.\n\
         - **shared**: the slowest call of a key that many calls use, likewise; these may wait for \
         each other's computation. Promised: {shared}.\n\
         - **write**: the slowest call that invalidates. Promised: {write}.\n\
         - **waited**: calls that took {waited} longer than their function, among those that began \
         during the fault, {noticed} or more after its start. Promised if nothing answers: at most \
         one in {most}.\n\
         - **back**: milliseconds from the end of the fault until both nodes use Redis and receive \
         messages again. Promised: {recovery}.\n\
         - **stale**: calls that got a value whose computation began before an invalidation that \
         the node had to know. The writer's node has to know it when the write returns, the second \
         node `bus_timeout` after Redis accepted it, the first node when it receives messages \
         again. Promised: none.\n\
         - **writes**: invalidations, each counted.\n\
         - **lost**: rows of which a node, or a new node that knows only the data in Redis, has \
         another version than the newest at the end. Promised: none.\n",
        date = said("date", &["+%Y-%m-%d"]),
        version = env!("CARGO_PKG_VERSION"),
        redis = redis.unwrap_or("of an unknown version"),
        loader = ms(LOADER),
        redis_timeout = ms(REDIS_TIMEOUT),
        bus = ms(BUS_TIMEOUT),
        lock = ms(LOCK_TIMEOUT),
        alone = ms(ALONE),
        allowance = ms(ALLOWANCE),
        shared = ms(shared()),
        write = ms(WRITE),
        noticed = ms(NOTICED),
        waited = ms(WAITED),
        most = MOST_WAIT,
        recovery = ms(RECOVERY),
    )
}

/// What a program prints.
fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().trim().to_owned()
}
