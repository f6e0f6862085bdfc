//! The faults of Redis, one row each.

mod access;
pub(crate) mod cluster;
mod connections;
mod data;
mod memory;
mod network;
mod process;
mod sentinel;
mod stalls;
mod start;

use std::fmt;
use std::thread;
use std::time::Duration;

use cachekit::OnNewMaster;

use crate::topology::Topology;
use crate::world::Server;
use crate::{masters, set};

/// What is true of a fault that took place, or why it did not.
type Inflicted = Result<String, String>;

/// One fault.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of its own"
)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What is done, in a few words.
    pub(crate) what: &'static str,
    /// What a reader of the promises has to take for granted.
    pub(crate) assumes: &'static str,
    pub(crate) is_quick: bool,
    /// Whether nothing answers, all the time.
    pub(crate) is_silent: bool,
    /// How much longer a call alone with its key may wait: for the lease of its own store.
    pub(crate) own_store: Duration,
    /// Arguments of the server.
    pub(crate) args: &'static [&'static str],
    /// Who the nodes log in as.
    pub(crate) user: &'static str,
    /// Where the nodes look for the server, if not where it is.
    pub(crate) host: Option<&'static str>,
    /// Whether there is a Redis in the end.
    pub(crate) comes_back: bool,
    /// The servers, if there are several.
    pub(crate) set: Option<set::Layout>,
    /// The servers of the row, if they are a cluster.
    pub(crate) cluster: Option<masters::Layout>,
    pub(crate) on_new_master: OnNewMaster,
    /// Whether old values and lost invalidations are counted, and not promised to be none.
    pub(crate) is_counted: bool,
    /// Before the nodes start.
    pub(crate) prepare: fn(&Server) -> Result<(), String>,
    /// Begins the fault, waits, and ends it.
    pub(crate) inflict: fn(&Server) -> Inflicted,
}

/// For most rows.
pub(crate) const NOTHING: &str = "nothing";

const ROW: Row = Row {
    name: "",
    what: "",
    assumes: NOTHING,
    is_quick: false,
    is_silent: false,
    own_store: Duration::ZERO,
    args: &[],
    user: "default",
    host: None,
    comes_back: true,
    set: None,
    cluster: None,
    on_new_master: OnNewMaster::Clear,
    is_counted: false,
    prepare: |_| Ok(()),
    inflict: |_| Err("nothing is done".to_owned()),
};

/// The rows of a set-up, in the order of its table.
pub(crate) fn of(topology: Topology) -> Vec<Row> {
    match topology {
        Topology::One => all(),
        Topology::Sentinel => sentinel::ROWS.to_vec(),
        Topology::Cluster => cluster::ROWS.to_vec(),
    }
}

/// The rows of one server, in the order of the table.
pub(crate) fn all() -> Vec<Row> {
    [
        process::ROWS,
        stalls::ROWS,
        connections::ROWS,
        memory::ROWS,
        access::ROWS,
        data::ROWS,
        network::ROWS,
        start::ROWS,
    ]
    .concat()
}

/// Waits while the fault is there.
fn wait(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}

/// What a command that was to be refused was told.
fn refusal<T>(result: Result<T, String>) -> Inflicted {
    result.err().ok_or("nothing was refused".to_owned())
}

/// `what`, if it is true.
fn proof(is_true: bool, what: impl fmt::Display) -> Inflicted {
    let what = what.to_string();
    if is_true { Ok(what) } else { Err(what) }
}
