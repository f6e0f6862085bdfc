//! The layer that caches HTTP responses, around services in process.

mod bodies;
mod world;

mod coalescing;
mod conditional;
mod events;
mod fields;
mod file;
mod forced;
mod functions;
mod hints;
mod keys;
mod leaks;
mod methods;
mod never_stored;
mod nodes;
mod nodes_demands;
mod other_clients;
mod ranges;
mod refresh_races;
mod shared;
mod shared_groups;
mod shared_validation;
mod stacks;
mod stale;
mod stats;
mod streaming;
mod uncacheable;
mod variants;
