//! Encryption of what leaves the process, over a real Redis.

mod entries;
mod hidden;
mod marks;
mod queues;
mod rotation;
mod set_up;
mod world;
