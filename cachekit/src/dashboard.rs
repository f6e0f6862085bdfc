//! A web page for the people who operate a service: live charts, the functions, the hottest and the
//! most missed keys, the life of one key, and invalidations.
//!
//! [`router`] makes the page for one cache, as a router of axum that a service nests at any path.
//! `docs/dashboard.md` in the repository shows the page.

pub(crate) mod answer;
pub(crate) mod assets;
pub(crate) mod error;
pub(crate) mod figures;
pub(crate) mod guard;
pub(crate) mod invalidations;
pub(crate) mod key_report;
pub(crate) mod keys;
pub(crate) mod memory_view;
pub(crate) mod processes;
pub(crate) mod routes;
pub(crate) mod sentences;
pub(crate) mod session;
pub(crate) mod state;

pub use crate::dashboard::error::DashboardError;
pub use crate::dashboard::routes::router;
