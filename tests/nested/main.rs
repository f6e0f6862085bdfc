//! Cached functions that call cached functions: what an outer entry owes to the entries that it was
//! made of.

mod ages;
mod caches;
mod depends;
mod ends;
mod errors;
mod fan_out;
mod forms;
mod gaps;
mod hits;
mod invalidation;
mod kinds_of_calls;
mod levels;
mod lives;
mod modes;
mod observer_scopes;
mod observing;
mod outbox;
mod races;
mod reading_cache;
mod reuse;
mod round_trips;
mod tasks;
mod tiers;
mod tracked;
mod transaction_scopes;
mod transactions;
mod unkept;
mod value_tags;
mod without_guards;
mod without_rules;
mod world;
mod writes;
