//! The points of a write at which its process dies.

/// A point between the call of a function that writes and its return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// The function is not called yet.
    BeforeMark,
    /// Redis has the mark, and the body has done nothing.
    MarkSent,
    /// The body has changed the row, and the transaction is open.
    InBody,
    /// `COMMIT` has left the process, and reaches the database after its death.
    CommitSent,
    /// The database is busy with `COMMIT`.
    CommitHeld,
    /// The database has committed, and its answer is on the way.
    Committed,
    /// The body has the answer.
    Answered,
    /// The removal has left the process, and reaches Redis after its death, whole or in part. For
    /// `#[write_through]`, the new value in its place.
    RemovalSent,
}

impl Point {
    /// All points, in the order of a write.
    pub(crate) const ALL: [Self; 8] = [
        Self::BeforeMark,
        Self::MarkSent,
        Self::InBody,
        Self::CommitSent,
        Self::CommitHeld,
        Self::Committed,
        Self::Answered,
        Self::RemovalSent,
    ];

    /// Returns the name in tables and on command lines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BeforeMark => "before-mark",
            Self::MarkSent => "mark-sent",
            Self::InBody => "in-body",
            Self::CommitSent => "commit-sent",
            Self::CommitHeld => "commit-held",
            Self::Committed => "committed",
            Self::Answered => "answered",
            Self::RemovalSent => "removal-sent",
        }
    }

    /// Returns the point of this name.
    pub(crate) fn find(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|point| point.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{name}`: expected one of {names}")
        })
    }

    /// `true` if the database commits although the writer dies.
    pub(crate) fn commits(self) -> bool {
        !matches!(self, Self::BeforeMark | Self::MarkSent | Self::InBody)
    }
}
