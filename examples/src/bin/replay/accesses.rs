//! The accesses that are replayed.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::args::Args;

/// The share of writes that rename a shop, if the workload reads pages.
const SHOPS: f64 = 0.1;

/// A single access: a read or a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read(u32),
    /// A read of the page that begins with this product.
    ReadPage(u32),
    /// A write that invalidates the product's entry.
    ChangePrice(u32),
    /// A write that stores the new product as the product's entry.
    Restock(u32),
    /// A write of the shop of this product.
    RenameShop(u32),
}

impl Access {
    /// Returns the product of the access.
    pub(crate) fn product(self) -> u32 {
        match self {
            Self::Read(id)
            | Self::ReadPage(id)
            | Self::ChangePrice(id)
            | Self::Restock(id)
            | Self::RenameShop(id) => id,
        }
    }
}

/// All accesses, and the products that they are about.
#[derive(Debug)]
pub(crate) struct Workload {
    accesses: Vec<Access>,
    products: Vec<u32>,
}

impl Workload {
    pub(crate) fn new(keys: &[u32], args: &Args) -> Self {
        let mut random = SmallRng::seed_from_u64(args.seed);
        let mut access = |key: u32| {
            if !random.random_bool(args.writes) {
                if args.pages {
                    Access::ReadPage(key)
                } else {
                    Access::Read(key)
                }
            } else if args.pages && random.random_bool(SHOPS) {
                Access::RenameShop(key)
            } else if random.random_bool(0.5) {
                Access::ChangePrice(key)
            } else {
                Access::Restock(key)
            }
        };
        let accesses = keys.iter().map(|key| access(*key)).collect();
        let mut products = keys.to_vec();
        products.sort_unstable();
        products.dedup();
        Self { accesses, products }
    }

    pub(crate) fn products(&self) -> &[u32] {
        &self.products
    }

    pub(crate) fn accesses(&self) -> &[Access] {
        &self.accesses
    }
}
