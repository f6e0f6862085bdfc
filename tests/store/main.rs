//! What a cache does with the tier that processes share, over one that fails on demand and
//! with a clock that stands still.

mod acks;
mod backfill;
mod circuit_breaker;
mod destructors;
mod detach;
mod dropped_writes;
mod err_ttl;
mod full_store;
mod function_capacity;
mod idle;
mod key_collisions;
mod lease_waiters;
mod leases;
mod max_computations;
mod outbox;
mod overlapping_nodes;
mod regions;
mod replicas;
mod shutdown;
mod soft_invalidation;
mod stale;
mod timeouts;
mod ttl;
mod unconfirmed_memory;
mod world;
mod write_order;
mod write_propagation;
