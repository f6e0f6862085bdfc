//! Functions of services that need neither a database nor a framework.

pub mod c29;
pub mod c30;
pub mod c32;
pub mod c33;
pub mod c34;
pub mod c35;
pub mod c37;
pub mod c38;
pub mod c39;
