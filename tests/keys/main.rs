//! Two different calls never share a key.

mod arguments;
mod expressions;
mod foreign_types;
mod templates;
mod types;
