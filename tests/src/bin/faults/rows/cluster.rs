//! Another server of a Redis Cluster becomes the master, or stands still, or slots move.

mod inflict;

use cachekit::OnNewMaster;

use self::inflict::{
    bus_moved, full, hung, killed, moved, planned, refusing, restarted, restarted_with_the_past,
    slow, split, stopped,
};
use super::{ROW, Row};
use crate::masters::Layout;

/// Masters go on while another one is away.
const USUAL: &[&str] = &["--cluster-require-full-coverage", "no"];

/// A master that is cut off answers reads.
const READABLE: &[&str] = &[
    "--cluster-require-full-coverage",
    "no",
    "--cluster-allow-reads-when-down",
    "yes",
];

/// A master that no replica follows refuses writes.
const GUARDED: &[&str] = &[
    "--cluster-require-full-coverage",
    "no",
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "1",
];

const REPLAY: &str =
    "`on_new_master = replay`: old values are counted, and not promised to be none";

/// Any master but that of the slot of messages.
const OTHER: Row = Row {
    args: USUAL,
    cluster: Some(Layout {
        is_of_bus: false,
        is_split: false,
    }),
    ..ROW
};

/// The master of the slot of messages.
const BUS: Row = Row {
    args: USUAL,
    cluster: Some(Layout {
        is_of_bus: true,
        is_split: false,
    }),
    ..ROW
};

const SPLIT: Row = Row {
    what: "a master and the second node are cut off from all others, which choose another master; \
           later the network is whole again",
    assumes: "`min-replicas-to-write 1`, with a `min-replicas-max-lag` below `cluster-node-timeout`",
    args: GUARDED,
    cluster: Some(Layout {
        is_of_bus: false,
        is_split: true,
    }),
    inflict: split,
    ..ROW
};

const BUS_SPLIT: Row = Row {
    cluster: Some(Layout {
        is_of_bus: true,
        is_split: true,
    }),
    ..SPLIT
};

const fn replay(row: &Row, name: &'static str, what: &'static str) -> Row {
    Row {
        name,
        what,
        assumes: REPLAY,
        is_quick: false,
        on_new_master: OnNewMaster::Replay,
        is_counted: true,
        ..*row
    }
}

const PLANNED: Row = Row {
    name: "planned",
    what: "`CLUSTER FAILOVER`: a replica becomes the master, and the old master follows it",
    inflict: planned,
    ..OTHER
};

const KILLED: Row = Row {
    name: "master-killed",
    what: "kill -9 of a master, which stays away",
    inflict: killed,
    ..OTHER
};

const STOPPED: Row = Row {
    name: "master-stopped",
    what: "SIGSTOP of a master, which goes on when there is another master",
    inflict: stopped,
    ..OTHER
};

const MOVED: Row = Row {
    name: "slots-moved",
    what: "slots with names are moved from a master to another one, one after the other, each by \
           `SETSLOT` and `MIGRATE`",
    inflict: moved,
    ..OTHER
};

const BUS_KILLED: Row = Row {
    name: "bus-killed",
    what: "as `master-killed`",
    is_quick: true,
    inflict: killed,
    ..BUS
};

const BUS_MOVED: Row = Row {
    name: "bus-slot-moved",
    what: "as `slots-moved`, the slot of messages alone, which is on its way for half a second",
    inflict: bus_moved,
    ..BUS
};

pub(super) const ROWS: &[Row] = &[
    PLANNED,
    replay(&PLANNED, "planned-replay", "as `planned`"),
    KILLED,
    replay(&KILLED, "master-killed-replay", "as `master-killed`"),
    Row {
        name: "full-coverage",
        what: "as `master-killed`, with `cluster-require-full-coverage yes`, the default",
        args: &[],
        ..KILLED
    },
    STOPPED,
    replay(&STOPPED, "master-stopped-replay", "as `master-stopped`"),
    Row {
        name: "master-hung",
        what: "SIGSTOP of a master for a second, so that it stays the master",
        inflict: hung,
        ..OTHER
    },
    Row {
        name: "restarted",
        what: "kill -9 of a master, and a restart without data before another one takes its place",
        inflict: restarted,
        ..OTHER
    },
    Row {
        name: "old-snapshot",
        what: "as `restarted`, with a snapshot from before the last invalidations",
        inflict: restarted_with_the_past,
        ..OTHER
    },
    Row {
        name: "master-refuses",
        what: "a master refuses all writes for 1.5 s (`min-replicas-to-write 2`) and answers reads",
        inflict: refusing,
        ..OTHER
    },
    Row {
        name: "master-full",
        what: "a master is out of memory for 1.5 s: stores are refused",
        inflict: full,
        ..OTHER
    },
    Row {
        name: "master-slow",
        what: "a master answers nothing for 60 ms, again and again for 1.5 s",
        inflict: slow,
        ..OTHER
    },
    MOVED,
    replay(&MOVED, "slots-moved-replay", "as `slots-moved`"),
    Row {
        name: "bus-planned",
        what: "as `planned`",
        ..BUS_PLANNED
    },
    replay(&BUS_PLANNED, "bus-planned-replay", "as `planned`"),
    BUS_KILLED,
    replay(&BUS_KILLED, "bus-killed-replay", "as `master-killed`"),
    Row {
        name: "bus-stopped",
        what: "as `master-stopped`",
        inflict: stopped,
        ..BUS
    },
    Row {
        name: "bus-hung",
        what: "as `master-hung`",
        inflict: hung,
        ..BUS
    },
    Row {
        name: "bus-refuses",
        what: "as `master-refuses`",
        inflict: refusing,
        ..BUS
    },
    Row {
        name: "bus-full",
        what: "as `master-full`",
        inflict: full,
        ..BUS
    },
    BUS_MOVED,
    replay(&BUS_MOVED, "bus-slot-moved-replay", "as `bus-slot-moved`"),
    Row {
        name: "split",
        ..SPLIT
    },
    replay(&SPLIT, "split-replay", "as `split`"),
    Row {
        name: "split-unguarded",
        what: "as `split`, without `min-replicas-to-write`",
        assumes: UNGUARDED,
        args: USUAL,
        is_counted: true,
        ..SPLIT
    },
    Row {
        name: "split-unguarded-replay",
        args: USUAL,
        ..replay(&SPLIT, "", "as `split-unguarded`")
    },
    Row {
        name: "bus-split",
        what: "as `split`",
        ..BUS_SPLIT
    },
    replay(&BUS_SPLIT, "bus-split-replay", "as `split`"),
    Row {
        name: "bus-split-unguarded",
        what: "as `split-unguarded`",
        assumes: UNGUARDED,
        args: USUAL,
        is_counted: true,
        ..BUS_SPLIT
    },
    Row {
        name: "bus-split-reads",
        what: "as `split-unguarded`, with `cluster-allow-reads-when-down yes`, so that the master goes \
               on answering reads",
        assumes: "the master that is cut off refuses writes before the others choose another one",
        args: READABLE,
        ..BUS_SPLIT
    },
    Row {
        name: "bus-split-unguarded-replay",
        args: USUAL,
        ..replay(&BUS_SPLIT, "", "as `split-unguarded`")
    },
];

const BUS_PLANNED: Row = Row {
    inflict: planned,
    ..BUS
};

const UNGUARDED: &str = "nothing, so old values are counted: the old master may take writes for a moment \
     beside the new one";
