//! The port to a store that processes share, and its adapters.

pub(crate) mod event;
pub(crate) mod examination;
pub(crate) mod failure;
#[cfg(any(feature = "testing", cachekit_faults))]
#[cfg_attr(
    not(cachekit_faults),
    expect(
        dead_code,
        unreachable_pub,
        reason = "the tests of the cache itself use all of it"
    )
)]
pub(crate) mod fake;
pub(crate) mod fencing_token;
pub(crate) mod fill;
pub(crate) mod key_name;
pub(crate) mod lease_grant;
pub(crate) mod message;
pub(crate) mod port;
pub(crate) mod process_queue;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(test)]
#[cfg(all(feature = "redis", cachekit_faults))]
pub(crate) mod tests;
pub(crate) mod warm_keys;
pub(crate) mod write_mark;
pub(crate) mod write_queue;
