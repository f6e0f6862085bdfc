//! Functions of services on tonic.

pub mod c17;
