//! Functions of services on sea-orm.

pub mod c19;
pub mod c20;
pub mod c21;
pub mod c25;
pub mod post;
