//! Tests of the counts of hot keys and of their error bounds, on sequences of keys with a fixed
//! seed.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::l1::hot_keys::sampler::Sampler;
use crate::l1::hot_keys::space_saving::SpaceSaving;
use crate::l1::hot_keys::{HotKey, HotKeys, LONGEST_KEY};
use crate::model::owner::OwnerId;

const OWNER: OwnerId = OwnerId(7);

fn after(minutes: u64) -> Tick {
    Tick::from_nanos(0).after(Duration::from_secs(60 * minutes))
}

/// A reproducible sequence of keys, distributed by Zipf's law with an exponent of 0.99.
struct Zipf {
    /// Cumulative shares of the keys in all accesses, in the order of the keys' numbers.
    shares: Vec<f64>,
    rng: fastrand::Rng,
}

impl Zipf {
    fn new(keys: u32) -> Self {
        let mut sum = 0.0;
        let up_to = |rank: u32| {
            sum += f64::from(rank).powf(-0.99);
            sum
        };
        Self {
            shares: (1..=keys).map(up_to).collect(),
            rng: fastrand::Rng::with_seed(1),
        }
    }

    fn next(&mut self) -> usize {
        let at = self.rng.f64() * self.shares.last().copied().unwrap_or_default();
        self.shares.partition_point(|share| *share < at)
    }
}

fn key(n: usize) -> String {
    format!("k:{n}")
}

fn hottest(hot: &HotKeys, most: usize, now: Tick) -> Vec<HotKey> {
    hot.hottest(most, now, |owner| {
        (owner == OWNER).then(|| "function".to_owned())
    })
}

/// Accesses to keys are sampled as in a thread of a service. The ten most used keys are found.
#[test]
fn the_hottest_of_a_long_trace_are_found_in_a_sample() {
    const KEYS: u32 = 100_000;
    fastrand::seed(1);
    let (mut zipf, mut sampler) = (Zipf::new(KEYS), Sampler::new());
    let hot = HotKeys::new(256);
    let mut truth = HashMap::new();
    for _ in 0..1_000_000 {
        let n = zipf.next();
        *truth.entry(n).or_insert(0_u32) += 1;
        if sampler.draws() {
            let uses = sampler.weigh();
            hot.count(OWNER, key(n).as_bytes(), uses, after(0));
        }
    }
    let found = hottest(&hot, 20, after(0));
    let mut ranked: Vec<_> = truth.into_iter().collect();
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (n, count) in &ranked[..10] {
        let found = found.iter().find(|it| it.key == key(*n));
        let found = found.unwrap_or_else(|| panic!("{n} with {count} is missing"));
        // The count may be off by five standard deviations of a sample of one in 256, and by the
        // uses that may be those of other keys.
        let off = found.uses.abs_diff(u64::from(*count));
        let off = u32::try_from(off.saturating_sub(found.error)).expect("small");
        let deviation = 16.0 * f64::from(*count).sqrt();
        assert!(f64::from(off) < 5.0 * deviation, "{found:?} of {count}");
    }
    assert_eq!(hottest(&hot, usize::MAX, after(0)).len(), 256, "no more");
}

/// Counts every use, and checks the error bounds of Space-Saving.
#[test]
fn no_count_is_wrong_by_more_than_its_error() {
    const COUNTERS: usize = 64;
    let mut zipf = Zipf::new(2_000);
    let mut counters = SpaceSaving::new(COUNTERS);
    let (mut truth, mut sum) = (HashMap::new(), 0);
    for turn in 0..50_000_u64 {
        let (n, uses) = (zipf.next(), 1 + turn % 5);
        *truth.entry(key(n)).or_insert(0_u64) += uses;
        sum += uses;
        counters.add(OWNER, key(n).as_bytes(), uses);
    }
    let bound = sum / COUNTERS as u64;
    let counted: HashMap<_, _> = counters
        .iter()
        .map(|it| (String::from_utf8(it.key.clone()).expect("text"), it))
        .collect();
    assert_eq!(counted.len(), COUNTERS);
    assert_eq!(counted.values().map(|it| it.uses).sum::<u64>(), sum);
    for (key, counter) in &counted {
        let real = truth[key];
        assert!(
            counter.error <= bound,
            "{key}: {} of {bound}",
            counter.error
        );
        assert!(counter.uses >= real, "{key}: too low");
        assert!(counter.uses - counter.error <= real, "{key}: too high");
    }
    for (key, real) in truth.iter().filter(|(_, real)| **real > bound) {
        assert!(counted.contains_key(key), "{key} with {real} is missing");
    }
}

/// A newcomer takes over the counter with the lowest count, and never the counter that grew.
#[test]
fn what_is_used_again_is_not_the_lowest_any_more() {
    for used in 0..7 {
        let mut counters = SpaceSaving::new(7);
        for n in 0..7 {
            counters.add(OWNER, key(n).as_bytes(), 1);
        }
        counters.add(OWNER, key(used).as_bytes(), 10);
        for newcomer in 7..13 {
            counters.add(OWNER, key(newcomer).as_bytes(), 1);
        }
        let kept: Vec<_> = counters.iter().filter(|it| it.error == 0).collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!((&*kept[0].key, kept[0].uses), (key(used).as_bytes(), 11));
    }
}

#[test]
fn what_was_hot_fades_by_half_every_ten_minutes() {
    let hot = HotKeys::new(2);
    hot.count(OWNER, b"yesterday's", 1_000, after(0));
    hot.count(OWNER, b"another", 10, after(0));
    hot.count(OWNER, b"a third", 10, after(0));
    let uses = |now| -> Vec<_> {
        let found = hottest(&hot, 2, now).into_iter();
        found.map(|it| (it.key, it.uses, it.error)).collect()
    };
    let line = |key: &str, uses, error| (key.to_owned(), uses, error);
    let (old, third) = ("yesterday's", "a third");
    assert_eq!(uses(after(9)), [line(old, 1_000, 0), line(third, 20, 10)]);
    assert_eq!(uses(after(10)), [line(old, 500, 0), line(third, 10, 5)]);
    assert_eq!(uses(after(39)), [line(old, 125, 0), line(third, 2, 2)]);
    hot.count(OWNER, b"today's", 200, after(39));
    let with_today_s = [line("today's", 202, 2), line(old, 125, 0)];
    assert_eq!(uses(after(39)), with_today_s);
    // A week passes without a call that halves the counts.
    assert_eq!(uses(after(7 * 24 * 60)), []);
    hot.count(OWNER, b"today's", 5, after(7 * 24 * 60));
    assert_eq!(uses(after(7 * 24 * 60)), [line("today's", 5, 0)]);
}

#[test]
fn nothing_is_counted_for_no_keys_nor_of_a_key_that_is_too_long() {
    let off = HotKeys::new(0);
    off.count(OWNER, b"a", 1, after(0));
    assert_eq!(hottest(&off, 10, after(0)), []);

    let hot = HotKeys::new(4);
    hot.count(OWNER, &[b'x'; LONGEST_KEY + 1], 9, after(0));
    hot.count(OwnerId(8), b"of nobody who is known", 5, after(0));
    hot.count(OWNER, &[b'x'; LONGEST_KEY], 1, after(0));
    let found = hottest(&hot, 1, after(0));
    assert_eq!(found.len(), 1, "one that cannot be named takes no place");
    assert_eq!((found[0].key.len(), found[0].uses), (LONGEST_KEY, 1));
}

/// The sum of the weights of all samples is about the number of all uses, also after few uses.
#[test]
fn what_is_drawn_stands_for_what_is_not() {
    fastrand::seed(3);
    for uses in [100, 1_000, 10_000, 1_000_000_u32] {
        let mut sampler = Sampler::new();
        let (mut sum, mut drawn) = (0_u32, 0);
        for _ in 0..uses {
            if sampler.draws() {
                sum += sampler.weigh();
                drawn += 1;
            }
        }
        let off = f64::from(sum.abs_diff(uses)) / f64::from(uses);
        assert!(off < 0.15, "{sum} of {uses}");
        assert!(drawn >= uses / 256, "{drawn} of {uses}");
        assert!(drawn <= uses / 256 + 160, "{drawn} of {uses}");
    }
}
