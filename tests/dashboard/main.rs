//! The dashboard, over HTTP: tokens and sessions, requests of other sites, figures, keys, the life of
//! a key, and invalidations.

mod access;
mod figures;
mod invalidations;
mod keys;
mod nodes;
#[expect(unreachable_pub, reason = "the listing of docs/dashboard.md")]
mod page;
mod world;
