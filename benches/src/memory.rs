//! A hit in memory.

pub mod curve;
mod floor;
pub mod miss;
pub mod ours;
#[cfg(feature = "rivals")]
mod rivals;

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::Fail;
use crate::candidate::Candidate;
use crate::keys::{DISTINCT, FEW, Keys, Spread};
use crate::report::{Kind, Row, Table};
use crate::rounds::{self, Rounds, Scaling};
use crate::user::User;

/// Every rival has room for twice as many entries as there are keys: nothing is evicted.
pub const ROOM: usize = 2 * DISTINCT as usize;

/// Arguments of a measured function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Args {
    /// `id: u64`.
    Number,
    /// `name: &str`.
    Text,
    /// `org: u64, name: &str`.
    Both,
}

impl Args {
    fn shown(self) -> &'static str {
        match self {
            Self::Number => "u64",
            Self::Text => "&str",
            Self::Both => "u64, &str",
        }
    }
}

/// Return type of a measured function, made from a user.
pub trait Value: Clone + Send + Sync + 'static {
    /// Name of the type in tables.
    const NAME: &str;

    /// This one.
    fn from_user(user: User) -> Self;

    /// The user of this number.
    fn of(id: u64) -> Self {
        Self::from_user(User::new(id))
    }

    /// Computes the value, as a function does.
    fn loaded(id: u64) -> Self {
        Self::from_user(User::load(id))
    }

    /// cachekit, called with these arguments.
    fn ours(args: Args) -> Candidate;

    /// Candidate of cachekit by number, with the other engine.
    ///
    /// # Errors
    ///
    /// If a cache with it cannot be built.
    fn on_quick_cache() -> impl Future<Output = Result<Candidate, Fail>>;

    /// Macros and frameworks, whose functions are written out for each type.
    ///
    /// # Errors
    ///
    /// If a compared cache cannot be built.
    #[cfg(feature = "rivals")]
    fn annotated(args: Args) -> Result<Vec<Candidate>, Fail>;
}

impl Value for User {
    const NAME: &str = "User";

    fn from_user(user: User) -> Self {
        user
    }

    fn ours(args: Args) -> Candidate {
        ours::owned(args)
    }

    fn on_quick_cache() -> impl Future<Output = Result<Candidate, Fail>> {
        ours::owned_on_quick_cache()
    }

    #[cfg(feature = "rivals")]
    fn annotated(args: Args) -> Result<Vec<Candidate>, Fail> {
        let mut all = rivals::annotated::owned(args);
        if args == Args::Number {
            all.push(rivals::hitbox::owned());
            all.push(rivals::multi_tier::owned()?);
        }
        Ok(all)
    }
}

impl Value for Arc<User> {
    const NAME: &str = "Arc<User>";

    fn from_user(user: User) -> Self {
        Self::new(user)
    }

    fn ours(args: Args) -> Candidate {
        ours::shared(args)
    }

    fn on_quick_cache() -> impl Future<Output = Result<Candidate, Fail>> {
        ours::shared_on_quick_cache()
    }

    #[cfg(feature = "rivals")]
    fn annotated(args: Args) -> Result<Vec<Candidate>, Fail> {
        Ok(rivals::annotated::shared(args))
    }
}

/// All that can be called with these arguments and returns `V`: cachekit first.
///
/// # Errors
///
/// If a compared cache cannot be built.
pub fn candidates<V: Value>(runtime: &Handle, args: Args) -> Result<Vec<Candidate>, Fail> {
    let mut all = vec![V::ours(args).of(Kind::Ours), floor::indexed::<V>()];
    if args == Args::Number {
        all.push(runtime.block_on(V::on_quick_cache())?.of(Kind::Ours));
    }
    // Some want to be set up inside a runtime.
    let _inside = runtime.enter();
    #[cfg(feature = "rivals")]
    {
        all.extend(V::annotated(args)?);
        all.extend(rivals::stores::all::<V>(runtime, args));
        if args == Args::Number {
            all.extend(rivals::amalgam::all::<V>()?);
        }
    }
    all.shrink_to_fit();
    Ok(all)
}

/// Hits with these arguments, of one thread and of two.
///
/// # Errors
///
/// If something was no hit, or a rival cannot be set up.
pub fn table<V: Value>(
    runtime: &Handle,
    args: Args,
    spread: Spread,
    rounds: Rounds,
) -> Result<Table, Fail> {
    let candidates = candidates::<V>(runtime, args)?;
    rounds::warm(runtime, &candidates);
    let speeds = rounds::hits(runtime, &candidates, &Keys::new(spread), rounds)?;
    let over = match spread {
        Spread::Zipf => format!("{DISTINCT} keys, Zipf 0.99"),
        Spread::Hot => "one hot key".to_owned(),
        Spread::Even => format!("{DISTINCT} keys, each in turn"),
        Spread::Few => format!("{FEW} keys, each in turn"),
    };
    Ok(Table {
        title: format!("Hit in memory: `{}` by `{}`, {over}", V::NAME, args.shown()),
        notes: Vec::new(),
        columns: COLUMNS.map(Into::into).to_vec(),
        rows: rows(&speeds),
    })
}

/// Titles of the columns that [`rows`] fills.
const COLUMNS: [&str; 5] = [
    "ns a call",
    "cachekit takes × of it",
    "2 threads, million/s (best)",
    "cachekit does × as many",
    "2 threads over 1",
];

/// Fastest first.
fn rows(speeds: &[Scaling]) -> Vec<Row> {
    let Some(ours) = speeds.iter().find(|row| row.kind == Kind::Ours) else {
        return Vec::new();
    };
    let mut sorted: Vec<_> = speeds.iter().collect();
    sorted.sort_by(|a, b| f64::total_cmp(&b.alone.median(), &a.alone.median()));
    let row = |row: &Scaling| Row {
        name: row.name.clone(),
        kind: row.kind,
        times: row.alone.times(&ours.alone),
        figures: [
            1e9 / row.alone.median(),
            row.alone.times(&ours.alone),
            row.together.best() / 1e6,
            ours.together.times(&row.together),
            row.together.times(&row.alone),
        ]
        .map(Some)
        .to_vec(),
    };
    sorted.into_iter().map(row).collect()
}
