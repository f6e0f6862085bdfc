//! A set of servers with Sentinel: the cache follows the master, by both of its connections.

mod addresses;
mod doctor;
mod failover;
mod rights;
mod roles;
mod world;
