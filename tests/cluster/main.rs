//! A Redis Cluster: a process hears what others invalidate, whichever master passes it on.

mod acks;
mod addresses;
mod bus;
mod dead_versions;
mod doctor;
mod failovers;
mod interruptions;
mod manual;
mod marks;
mod one_away;
mod questions;
mod remembered;
mod rights;
mod round_trips;
mod spread;
mod world;
mod write_check;
