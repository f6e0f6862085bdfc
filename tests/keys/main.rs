//! Two different calls never share a key.

mod arguments;
mod expressions;
mod foreign;
mod templates;
mod types;
