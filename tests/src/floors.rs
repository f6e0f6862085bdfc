//! The oldest version that a reader may get, and the time since when.

/// A version below which nothing may be returned any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor<T> {
    /// From here on, in nanoseconds of [`clock::now`](crate::clock::now).
    pub since: u64,
    /// The oldest that is allowed.
    pub version: u64,
    /// What set it.
    pub by: T,
}

/// One row's floors for one reader.
#[derive(Debug)]
pub struct Floors<T>(Vec<Floor<T>>);

impl<T: Copy> Floors<T> {
    /// Those of `floors`, in any order, that say something that earlier ones do not.
    pub fn new(floors: impl IntoIterator<Item = Floor<T>>) -> Self {
        let mut floors: Vec<_> = floors.into_iter().collect();
        floors.sort_by_key(|floor| floor.since);
        let mut highest = 0;
        floors.retain(|floor| {
            let rises = floor.version > highest;
            highest = highest.max(floor.version);
            rises
        });
        Self(floors)
    }

    /// The one for a read that begins at `time`.
    pub fn at(&self, time: u64) -> Option<Floor<T>> {
        let after = self.0.partition_point(|floor| floor.since < time);
        self.0.get(after.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_that_holds_by_then() {
        let floor = |since, version| Floor {
            since,
            version,
            by: (),
        };
        let floors = Floors::new([floor(30, 2), floor(10, 1), floor(20, 3)]);
        let at = |time| floors.at(time).map(|floor| floor.version);
        assert_eq!(
            [5, 10, 11, 20, 21, 31].map(at),
            [None, None, Some(1), Some(1), Some(3), Some(3)]
        );
    }
}
