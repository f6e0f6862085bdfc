//! Every form of function and every option, under lints as strict as they get: generated code
//! may not bring up any of them.

#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    missing_docs,
    missing_debug_implementations,
    rust_2018_idioms,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_results,
    let_underscore_drop,
    single_use_lifetimes,
    trivial_casts,
    elided_lifetimes_in_paths,
    clippy::clone_on_ref_ptr,
    clippy::dbg_macro,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::let_underscore_must_use,
    clippy::panic,
    clippy::print_stdout,
    clippy::redundant_clone,
    clippy::str_to_string,
    clippy::unwrap_used,
    clippy::use_self,
    clippy::wildcard_enum_match_arm
)]
#![forbid(unsafe_code)]

pub mod forms;
pub mod methods;
pub mod moved_arguments;
pub mod options;
#[rustfmt::skip]
pub mod unformatted;
pub mod writes;

#[test]
fn it_compiles() {}
