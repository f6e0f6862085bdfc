//! A generated workload: a few products that are read often, and many products that are read
//! seldom.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rand_distr::Zipf;

/// Returns `accesses` keys from 1 to `products`, drawn by Zipf's law with the exponent 0.99.
///
/// # Panics
///
/// Panics if `products` is zero.
pub fn zipf(products: u32, accesses: usize, seed: u64) -> Vec<u32> {
    let law = Zipf::new(f64::from(products), 0.99).expect("at least one product");
    let random = SmallRng::seed_from_u64(seed);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank from 1 to `products`"
    )]
    random
        .sample_iter(law)
        .take(accesses)
        .map(|rank| rank as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::zipf;

    #[test]
    fn one_seed_gives_one_workload() {
        assert_eq!(zipf(100, 50, 7), zipf(100, 50, 7));
        assert_ne!(zipf(100, 50, 7), zipf(100, 50, 8));
    }

    /// Zipf's law: of 1,000 keys, the first gets about one in 7.7 of all accesses, which is twice
    /// as many as the second key gets.
    #[test]
    fn few_keys_have_most_accesses() {
        let keys = zipf(1_000, 100_000, 1);
        assert!(keys.iter().all(|key| (1..=1_000).contains(key)));
        let count = |wanted| keys.iter().filter(|key| **key == wanted).count();
        assert!((12_000..14_500).contains(&count(1)), "{}", count(1));
        assert!((5_800..7_300).contains(&count(2)), "{}", count(2));
    }
}
