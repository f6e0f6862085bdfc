//! The requests of a load: which pages customers look at, and which products are written.

use cachekit_examples::workload::zipf;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::args::Size;
use crate::database::CATEGORIES;

/// A request to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Product(u32),
    Category(u32),
    Offers,
    Cart(u32),
    AddToCart { user: u32, product: u32 },
    SetPrice(u32),
    SetStock(u32),
    Deal,
}

impl Request {
    /// Returns the method, the path and the body. `number` makes the written values differ.
    pub(crate) fn parts(self, number: usize) -> (&'static str, String, String) {
        let get = |path| ("GET", path, String::new());
        let value = (100 + number % 9_000).to_string();
        match self {
            Self::Product(id) => get(format!("/products/{id}")),
            Self::Category(id) => get(format!("/categories/{id}")),
            Self::Offers => get("/offers".to_owned()),
            Self::Cart(user) => get(format!("/carts/{user}")),
            Self::AddToCart { user, product } => {
                ("POST", format!("/carts/{user}"), product.to_string())
            }
            Self::SetPrice(id) => ("PUT", format!("/products/{id}/price"), value),
            Self::SetStock(id) => ("PUT", format!("/products/{id}/stock"), value),
            Self::Deal => get("/deals/1".to_owned()),
        }
    }
}

/// Returns `count` requests, of which `writes` of 1,000 are writes of products. Products and users
/// are drawn by Zipf's law.
pub(crate) fn draw(size: &Size, count: usize, writes: u32, seed: u64) -> Vec<Request> {
    let products = zipf(size.products, count, seed);
    let users = zipf(size.users, count, seed + 1);
    let mut random = SmallRng::seed_from_u64(seed + 2);
    let pairs = products.into_iter().zip(users);
    pairs
        .map(|(product, user)| {
            if random.random_range(0..1_000) < writes {
                let is_price = random.random_bool(0.5);
                return if is_price {
                    Request::SetPrice(product)
                } else {
                    Request::SetStock(product)
                };
            }
            match random.random_range(0..100) {
                0..80 => Request::Product(product),
                80..92 => Request::Category(product % CATEGORIES),
                92..95 => Request::Offers,
                95..99 => Request::Cart(user),
                _ => Request::AddToCart { user, product },
            }
        })
        .collect()
}
