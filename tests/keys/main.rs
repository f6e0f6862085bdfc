//! Two different calls never share a key.

mod arguments;
mod templates;
mod types;
