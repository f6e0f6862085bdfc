//! Two different calls never share a key.

mod arguments;
mod foreign;
mod templates;
mod types;
