//! Encrypted connections to real servers, whose certificates are right and wrong.

mod certificates;
mod errors;
mod files;
mod served;
