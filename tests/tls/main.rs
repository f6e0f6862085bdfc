//! Encrypted connections to real servers, whose certificates are right and wrong.

mod certificates;
mod cluster;
mod errors;
mod files;
mod served;
