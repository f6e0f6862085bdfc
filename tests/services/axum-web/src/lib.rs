//! Handlers of services on axum, without a database.

pub mod c15;
pub mod c36;
pub mod c40;
