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
        "\n{level} Assumptions{of}\n\nMost rows need no assumption. The others have one:\n"
    ));
    let rows = outcomes.iter().map(|outcome| &outcome.row);
    let assuming = rows.filter(|row| row.assumes != rows::NOTHING);
    lines.extend(assuming.map(|row| format!("- `{}`: {}.", row.name, row.assumes)));
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

Three servers, three sentinels and two nodes run on one machine. The following command made this part of the page:

    cargo run --release -p cachekit-tests --bin faults -- --topology sentinel --markdown docs/faults.md

The nodes call and write as above, and know the sentinels only. `down-after-milliseconds` is 1,000 ms, and 5,000 ms in the rows `split`, which also
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
         **TL;DR** In each row of the table, the test program causes a fault of Redis: Redis is killed, \
         frozen, filled, cut off or made to send garbage. Unless the assumption of a row says otherwise, cachekit promises that no call \
         fails, no call waits longer than the stated limit, no call gets a value staler than the stated \
         limit, and no invalidation is lost. The last column of the table is `ok` if the run of the row \
         kept every promise.\n\n\
         The figures are from {date}, with cachekit {version} and Redis {redis}, with two nodes and the \
         Redis server on one machine. The following command made the page:\n\n    \
         cargo run --release -p cachekit-tests --bin faults -- --markdown docs/faults.md\n\n\
         Before, during and after each fault, two nodes call a cached function and write without a \
         pause, and each node has its own simulated network to Redis. The cached function takes \
         {loader}. In the measured caches, `redis_timeout` is {redis_timeout}, `bus_timeout` is {bus} \
         and `lock_timeout` is {lock}. When no messages arrive from Redis, the first node serves from \
         memory for 30 seconds (the default of `on_disconnect`), and the second node does not serve \
         from memory at all.\n\n\
         - **failed**: the number of calls that did not return, or that returned a value which is not of \
         the requested row of data. The promised number of failed calls is zero.\n\
         - **alone**: the time of the slowest call of a key that no other call uses, in milliseconds \
         beyond the time of the function. The promised limit of `alone` is {alone}, plus {allowance} for \
         delays of the machine.\n\
         - **shared**: the time of the slowest call of a key that many calls use, in milliseconds beyond \
         the time of the function. Calls of a shared key may wait for each other's computation, so the \
         promised limit of `shared` is {shared}, plus {allowance}.\n\
         - **write**: the time of the slowest call that invalidates, in milliseconds. The promised limit \
         of `write` is {write}, plus {allowance}.\n\
         - **waited**: the number of calls that took {waited} longer than their function, of all calls \
         that began during the fault and at least {noticed} after the start of the fault. If Redis \
         answers no command during the fault, the promised limit of `waited` is one call in {most}.\n\
         - **back**: the milliseconds from the end of the fault until both nodes use Redis and receive \
         messages again. The promised limit of `back` is {recovery}.\n\
         - **stale**: the number of calls that got a value whose computation began before an \
         invalidation that the node had to know. The node that writes must know an invalidation when the \
         write returns. The second node must know an invalidation of the first node `bus_timeout` after \
         Redis accepted the invalidation. The first node must know an invalidation of the second node \
         when the first node receives messages again. The promised number of stale calls is zero.\n\
         - **writes**: the number of invalidations in the run.\n\
         - **lost**: the number of rows of data for which a node gives an old version at the end of the \
         run. A new node, which knows only the data in Redis, is asked too. The promised number of lost \
         rows is zero.\n",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_done_in_each_row() {
        let page = include_str!("../../../../docs/faults.md");
        for topology in [Topology::One, Topology::Sentinel, Topology::Cluster] {
            for row in rows::of(topology) {
                let cells = format!("| {} | {} (", row.name, row.what);
                assert!(page.contains(&cells), "docs/faults.md lacks {cells}");
            }
        }
        assert!(page.contains(&opening_of_sentinels()));
    }
}
