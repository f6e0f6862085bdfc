//! A hit in memory by the number of keys that are asked for: each key with the same chance, so that
//! nothing is hot, and most of what a hit reads is in no cache of the processor.

use std::sync::Arc;

use cachekit::{Cache, Capacity, Engine, cached};
use tokio::runtime::Handle;

#[cfg(feature = "rivals")]
use super::rivals;
use crate::Fail;
use crate::candidate::Candidate;
use crate::keys::Keys;
use crate::report::{Kind, Row, Table};
use crate::rounds::{self, Alone, Rounds};
use crate::user::User;

/// Number of functions and keys at one point of the curve.
#[derive(Debug, Clone, Copy)]
pub enum Point {
    /// A function with this number of keys.
    Keys(u32),
    /// Six functions, each with a sixth of this number of keys.
    SixFunctions(u32),
}

/// All of them.
pub const POINTS: [Point; 6] = [
    Point::Keys(1_000),
    Point::Keys(10_000),
    Point::Keys(60_000),
    Point::SixFunctions(60_000),
    Point::Keys(200_000),
    Point::Keys(1_000_000),
];

/// Title of the table of times.
pub const NANOSECONDS: &str =
    "Hit in memory by the number of keys, `Arc<User>` by `u64`, uniform: nanoseconds";

/// Name of the candidate by whose time the times of the others are divided.
const MEASURE: &str = "quick_cache, key u64";

impl Point {
    /// Returns the number of keys of all functions together.
    pub fn keys(self) -> u32 {
        match self {
            Self::Keys(keys) | Self::SixFunctions(keys) => keys,
        }
    }

    /// Returns the name of the point, for a column of a table.
    pub fn name(self) -> String {
        match self {
            Self::Keys(keys) => format!("{keys} keys"),
            Self::SixFunctions(keys) => format!("6 functions × {} keys", keys / 6),
        }
    }

    /// Every cache has room for twice as many entries: nothing is evicted.
    pub(super) fn room(self) -> u64 {
        2 * u64::from(self.keys())
    }
}

// A life of more than the 300 s of other tables: on a busy machine the largest point takes longer.
#[cached(key = "curve:{id}", ttl = "1h", tags = ["users", "org:{ret.org}"])]
async fn on_moka(id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

#[cached(
    key = "curve other:{id}",
    ttl = "1h",
    tags = ["users", "org:{ret.org}"],
    cache = cache,
    skip(cache)
)]
async fn on_quick_cache(cache: &Cache, id: u64) -> Arc<User> {
    Arc::new(User::load(id))
}

/// Functions that return a user of a number, and the candidate that calls them in turn.
macro_rules! six {
    ($($function:ident),+) => {
        $(
            #[cached(ttl = "1h", tags = ["users", "org:{ret.org}"])]
            async fn $function(id: u64) -> Arc<User> {
                Arc::new(User::load(id))
            }
        )+

        fn six_functions() -> Candidate {
            candidate!("cachekit", (), |(), key| {
                let (mut function, id) = (key.id % 6, key.id / 6);
                $(
                    if function == 0 {
                        std::hint::black_box($function(id).await);
                    }
                    function = function.wrapping_sub(1);
                )+
                function
            })
        }
    };
}

six!(first, second, third, fourth, fifth, sixth);

/// Candidates that share a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// cachekit with its default engine, and all rivals.
    Default,
    /// cachekit with the engine `quick_cache`, and `quick_cache` itself. The tables of threads have a
    /// bound for the process, so the two engines of cachekit are measured apart.
    QuickCache,
}

/// Those who are measured, all empty.
fn candidates(runtime: &Handle, point: Point, group: Group) -> Result<Vec<Candidate>, Fail> {
    let builder = Cache::builder().memory_capacity(Capacity::entries(point.room()));
    let ours = match (group, point) {
        (Group::Default, Point::Keys(_)) => {
            cachekit::init(runtime.block_on(builder.build())?)?;
            candidate!("cachekit", (), |(), key| on_moka(key.id).await)
        }
        (Group::Default, Point::SixFunctions(_)) => {
            cachekit::init(runtime.block_on(builder.build())?)?;
            six_functions()
        }
        (Group::QuickCache, _) => {
            let cache = runtime.block_on(builder.engine(Engine::QuickCache).build())?;
            let name = "cachekit, engine quick_cache";
            candidate!(name, cache, |cache, key| {
                on_quick_cache(&cache, key.id).await
            })
        }
    };
    let mut all = vec![ours.of(Kind::Ours)];
    #[cfg(feature = "rivals")]
    {
        let mut rivals = rivals::curve::all(point);
        rivals.retain(|it| group == Group::Default || it.name() == MEASURE);
        all.extend(rivals);
    }
    all.shrink_to_fit();
    Ok(all)
}

/// The candidate of the name `name` at one point, and its accesses: all keys four times, and then each
/// with the same chance.
///
/// # Errors
///
/// If there is no such candidate, or the cache cannot be built.
pub fn single(
    runtime: &Handle,
    point: Point,
    name: &str,
) -> Result<(Candidate, Arc<Keys>, Arc<Keys>), Fail> {
    let mut all = candidates(runtime, point, Group::Default)?;
    let found = all.iter().position(|it| it.name() == name);
    let found = found.ok_or_else(|| format!("no {name} without the feature `rivals`"))?;
    let (every, uniform) = (Keys::every(point.keys()), Keys::uniform(point.keys()));
    Ok((all.swap_remove(found), every, uniform))
}

/// The candidates at one point: nanoseconds of a hit, the ratio to `quick_cache`, and the bytes that an
/// entry takes with its value.
///
/// # Errors
///
/// If something was no hit, or a cache cannot be built.
pub fn table(
    runtime: &Handle,
    (point, group): (Point, Group),
    rounds: Rounds,
) -> Result<Table, Fail> {
    let candidates = candidates(runtime, point, group)?;
    let every = Keys::every(point.keys());
    // Once to compute, twice for the engines that store in the background, and once more for the
    // table of the thread.
    let every = every.batch(0, 4 * point.keys() as usize);
    let warm = (point.keys() as usize * 8).max(1_000_000);
    let uniform = Keys::uniform(point.keys());
    let all = rounds::filled(runtime, &candidates, (&every, &uniform), warm, rounds)?;
    Ok(Table {
        title: point.name(),
        notes: Vec::new(),
        columns: ["ns a call", "× quick_cache", "bytes an entry"]
            .map(Into::into)
            .to_vec(),
        rows: rows(&all, point),
    })
}

fn rows(all: &[Alone], point: Point) -> Vec<Row> {
    let ours = &all[0].speeds;
    let measure = all.iter().find(|it| it.name == MEASURE).unwrap_or(&all[0]);
    let row = |it: &Alone| Row {
        name: it.name.clone(),
        kind: it.kind,
        times: it.speeds.times(ours),
        figures: [
            1e9 / it.speeds.median(),
            measure.speeds.times(&it.speeds),
            it.bytes / f64::from(point.keys()),
        ]
        .map(Some)
        .to_vec(),
    };
    all.iter().map(row).collect()
}

/// Those tables, one for each point, as three: in each the points are the columns.
pub fn side_by_side(points: &[Table]) -> Vec<Table> {
    let titles = [
        NANOSECONDS,
        "Hit in memory by the number of keys, `Arc<User>` by `u64`, uniform: × quick_cache's time",
        "Memory that an entry takes with its value, by the number of keys: bytes",
    ];
    let columns = || points.iter().map(|it| it.title.clone().into()).collect();
    let table = |(figure, title): (usize, &&str)| Table {
        title: (*title).to_owned(),
        notes: Vec::new(),
        columns: columns(),
        rows: points.first().map_or(Vec::new(), |first| {
            let row = |row: &Row| across(points, row, figure);
            first.rows.iter().map(row).collect()
        }),
    };
    titles.iter().enumerate().map(table).collect()
}

/// Returns a row with the figure number `figure` of a candidate at each point.
fn across(points: &[Table], of: &Row, figure: usize) -> Row {
    let at = |table: &Table| {
        let row = table.rows.iter().find(|row| row.name == of.name);
        row.and_then(|row| row.figures[figure])
    };
    Row {
        name: of.name.clone(),
        kind: of.kind,
        times: of.times,
        figures: points.iter().map(at).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_become_columns() {
        let row = |name: &str, figures: [f64; 3]| Row {
            name: name.to_owned(),
            kind: Kind::Ours,
            times: 1.0,
            figures: figures.map(Some).to_vec(),
        };
        let table = |title: &str, rows| Table {
            title: title.to_owned(),
            notes: Vec::new(),
            columns: Vec::new(),
            rows,
        };
        let points = [
            table(
                "few",
                vec![row("a", [1.0, 2.0, 3.0]), row("b", [4.0, 5.0, 6.0])],
            ),
            table("many", vec![row("a", [7.0, 8.0, 9.0])]),
        ];
        let [times, ratios, bytes] = &side_by_side(&points)[..] else {
            panic!("three tables");
        };
        assert_eq!(times.columns, ["few", "many"]);
        assert_eq!(times.rows[0].figures, [Some(1.0), Some(7.0)]);
        assert_eq!(ratios.rows[1].figures, [Some(5.0), None]);
        assert_eq!(bytes.rows[0].figures, [Some(3.0), Some(9.0)]);
    }
}
