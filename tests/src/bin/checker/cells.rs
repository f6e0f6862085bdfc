//! The cached rows, of several kinds.

use std::fmt;
use std::time::Duration;

/// Rows of each kind.
pub(crate) const ROWS: u16 = 8;

/// Tags take in rows of the same remainder.
const PARTS: u16 = 4;

/// How long values of those kinds may be served that are old: `stale` of their functions.
pub(crate) const STALE: Duration = Duration::from_secs(1);

/// How long values live that are invalidated by nobody: `ttl` of their functions.
pub(crate) const LIFE: Duration = Duration::from_secs(1);

/// How rows are cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With tags made from arguments.
    Plain,
    /// With a tag made from the value.
    Grouped,
    /// With events, and short-lived.
    Evented,
    /// Absent at every third version.
    Maybe,
    /// A computation that fails now and then.
    Fallible,
    /// Written through, and with a tag made from the value.
    Through,
    /// Written through by writes that have an order.
    Ordered,
    /// Without a macro.
    Direct,
    /// Stored by hand, each row by one node only.
    Put,
    /// The same in a region, by two handles of it.
    Region,
    /// With tags and events made from arguments, and served old.
    Stale,
    /// With a tag made from the value, and served old.
    StaleGroup,
    /// In several copies, which are never in memory.
    Replicated,
    /// By functions that call one another.
    Nested,
    /// The same, of which the innermost has its values in memory alone.
    NestedNear,
    /// The same, of which the inner ones are served old.
    NestedStale,
    /// The same, of which the innermost is computed by each caller for itself.
    NestedAlone,
    /// The same, short-lived, and written without an invalidation.
    NestedBrief,
    /// The same, with names that each node hears for the first time now and then.
    NestedFirst,
}

const KINDS: [Kind; 19] = [
    Kind::Plain,
    Kind::Grouped,
    Kind::Evented,
    Kind::Maybe,
    Kind::Fallible,
    Kind::Through,
    Kind::Ordered,
    Kind::Direct,
    Kind::Put,
    Kind::Region,
    Kind::Stale,
    Kind::StaleGroup,
    Kind::Replicated,
    Kind::Nested,
    Kind::NestedNear,
    Kind::NestedStale,
    Kind::NestedAlone,
    Kind::NestedBrief,
    Kind::NestedFirst,
];

impl Kind {
    /// Whether values that were softly invalidated may be served.
    pub(crate) fn may_be_stale(self) -> bool {
        matches!(self, Self::Stale | Self::StaleGroup | Self::NestedStale)
    }

    /// Whether functions that call one another have its rows.
    pub(crate) fn is_nested(self) -> bool {
        self as u16 >= Self::Nested as u16
    }
}

/// One row of one kind: what one entry is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cell(pub(crate) u16);

/// How many there are.
pub(crate) const CELLS: u16 = ROWS * 19;

impl Cell {
    pub(crate) fn new(kind: Kind, row: u64) -> Self {
        let row = u16::try_from(row).unwrap_or_default() % ROWS;
        Self(kind as u16 * ROWS + row)
    }

    /// Any of `kinds`.
    pub(crate) fn any(kinds: &[Kind]) -> Self {
        let kind = kinds[fastrand::usize(..kinds.len())];
        Self::new(kind, u64::from(fastrand::u16(..ROWS)))
    }

    pub(crate) fn kind(self) -> Kind {
        KINDS[usize::from(self.0 / ROWS)]
    }

    pub(crate) fn row(self) -> u64 {
        u64::from(self.0 % ROWS)
    }

    /// Which of the tags it has.
    pub(crate) fn part(self) -> u64 {
        self.row() % u64::from(PARTS)
    }

    /// The next row of its kind that has its tag.
    pub(crate) fn twin(self) -> Self {
        Self::new(self.kind(), self.row() + u64::from(PARTS))
    }

    /// Up to `most` rows of `kinds` that have this one's tag.
    pub(crate) fn alike(self, kinds: &[Kind], most: usize) -> Vec<Self> {
        let mut cells: Vec<_> = kinds
            .iter()
            .flat_map(|kind| (0..ROWS).map(|row| Self::new(*kind, row.into())))
            .filter(|cell| cell.part() == self.part())
            .collect();
        fastrand::shuffle(&mut cells);
        cells.truncate(most);
        cells
    }

    /// Whether a version of it is an absence.
    pub(crate) fn is_absent(self, version: u64) -> bool {
        self.kind() == Kind::Maybe && version.is_multiple_of(3)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = format!("{:?}", self.kind()).to_lowercase();
        write!(f, "{kind}:{}", self.row())
    }
}
