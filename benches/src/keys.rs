//! Which keys are asked for, in which order: the same for every candidate.

use std::hint::black_box;
use std::sync::Arc;

use cachekit_examples::workload;

/// Number of different keys.
pub const DISTINCT: u32 = 10_000;
/// Number of keys that [`Spread::Few`] asks for.
pub const FEW: u32 = 1_000;
/// Number of accesses that are drawn before they repeat; a power of two.
const ACCESSES: usize = 1 << 16;
/// Length of the list of [`Keys::uniform`]. Most of a million keys are in a list of this length.
const UNIFORM: usize = 1 << 22;

/// Distribution of accesses over the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// By Zipf's law with exponent 0.99.
    Zipf,
    /// All accesses ask for a single key.
    Hot,
    /// Each in turn.
    Even,
    /// A thousand keys, each in turn.
    Few,
}

/// Accesses, drawn once.
#[derive(Debug)]
pub struct Keys {
    /// A power of two of them.
    ids: Vec<u32>,
    /// By number.
    names: Vec<Box<str>>,
}

/// Arguments of the measured function in an access.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The number of a user.
    pub id: u64,
    /// The user's number as text.
    pub name: &'a str,
}

impl Key<'_> {
    /// The part of a key of two parts that is no text.
    pub fn org(&self) -> u64 {
        self.id % 100
    }
}

impl Keys {
    /// Accesses that spread like that.
    pub fn new(spread: Spread) -> Arc<Self> {
        let ids = match spread {
            Spread::Zipf => scattered(workload::zipf(DISTINCT, ACCESSES, 1)),
            Spread::Hot => vec![1],
            Spread::Even => (1..=DISTINCT).collect(),
            Spread::Few => (1..=FEW).collect(),
        };
        let ids: Vec<_> = ids.into_iter().cycle().take(ACCESSES).collect();
        let names = (0..=DISTINCT).map(|id| format!("user.{id}").into());
        Arc::new(Self {
            ids,
            names: names.collect(),
        })
    }

    /// Each of the first `count` keys with the same chance at each access. They have no names.
    pub fn uniform(count: u32) -> Arc<Self> {
        let mut rng = fastrand::Rng::with_seed(3);
        Arc::new(Self {
            ids: (0..UNIFORM).map(|_| rng.u32(1..=count)).collect(),
            names: Vec::new(),
        })
    }

    /// The first `count` keys, each in turn. They have no names.
    pub fn every(count: u32) -> Arc<Self> {
        let all = (1..=count).cycle();
        Arc::new(Self {
            ids: all.take(count.next_power_of_two() as usize).collect(),
            names: Vec::new(),
        })
    }

    /// `count` accesses, beginning with the one numbered `from`.
    pub fn batch(self: &Arc<Self>, from: usize, count: usize) -> Batch {
        Batch {
            keys: Arc::clone(self),
            from,
            count,
        }
    }
}

/// Returns the accesses with other numbers, so that what is asked for most is not what was stored first, side by
/// side.
fn scattered(mut ids: Vec<u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..=DISTINCT).collect();
    fastrand::Rng::with_seed(2).shuffle(&mut numbers[1..]);
    for id in &mut ids {
        *id = numbers[*id as usize];
    }
    ids
}

/// Some accesses, one after the other.
#[derive(Debug, Clone)]
pub struct Batch {
    keys: Arc<Keys>,
    from: usize,
    count: usize,
}

impl Batch {
    /// Them; the compiler knows nothing of them.
    #[inline]
    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        let Keys { ids, names } = &*self.keys;
        let last = ids.len() - 1;
        (self.from..self.from + self.count).map(move |at| {
            let id = black_box(ids[at & last]);
            Key {
                id: u64::from(id),
                name: names.get(id as usize).map_or("", |name| name),
            }
        })
    }
}
