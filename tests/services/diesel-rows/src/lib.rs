//! Functions of services on diesel-async.

pub mod c10;
pub mod c11;
pub mod c12;
pub mod c13;
pub mod c22;
pub mod c23;
pub mod c24;
