//! The rows that are written and read, and what the reads of them may return.

use std::fmt;

use cachekit_examples::truth;

use crate::database::{Product, SHOPS};
use crate::shop::Page;

pub(crate) type Truth = truth::Truth<Item>;
pub(crate) type StaleRead = truth::StaleRead<Item>;

/// Creates the truth about these products and all shops.
pub(crate) fn about(products: &[u32], nodes: usize) -> Truth {
    let products = products.iter().map(|id| Item::Product(*id));
    Truth::new(products.chain((0..SHOPS).map(Item::Shop)), nodes)
}

/// A row that is written and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    Product(u32),
    Shop(u32),
}

impl Item {
    /// Returns the row of a product that was read, and the version of the row.
    pub(crate) fn of(product: &Product) -> (Self, u32) {
        (Self::Product(product.id), product.version)
    }

    /// Returns the rows from which a page was computed, each with its version.
    pub(crate) fn on_page(page: &Page) -> Vec<(Self, u32)> {
        let shop = (Self::Shop(page.shop.id), page.shop.version);
        let products = page.products.iter().map(|product| Self::of(product));
        products.chain([shop]).collect()
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Product(id) => write!(f, "product {id}"),
            Self::Shop(id) => write!(f, "shop {id}"),
        }
    }
}
