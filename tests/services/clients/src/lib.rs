//! Functions that ask other services.

pub mod c14;
pub mod c18;
pub mod c26;
pub mod c27;
pub mod c28;
pub mod c31;
