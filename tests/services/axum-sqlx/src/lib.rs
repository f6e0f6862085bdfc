//! Functions of services on axum and sqlx.

pub mod c01;
pub mod c02;
pub mod c03;
pub mod c16;
pub mod http;
