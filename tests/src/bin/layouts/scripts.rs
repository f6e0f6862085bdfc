//! The scripts of each layout.
//!
//! In all of them a lease is a holder (24 bytes) and a deadline (16 digits, milliseconds), and a
//! token has 16 bytes.
//!
//! Acquire: `ARGV` are a new token, the holder, the length of the lease and the time for which the
//! lease is kept, both in milliseconds. It returns the token, or the remaining time of another's
//! lease.
//!
//! Fill: `ARGV` are the token, the value and its time to live. It returns whether it was stored.

/// The time, and what a lease from now on looks like.
macro_rules! with_time {
    ($script:literal) => {
        concat!(
            "local time = redis.call('TIME')\n",
            "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n",
            "local mine = ARGV[2] .. string.format('%016d', now + ARGV[3])\n",
            $script
        )
    };
}

/// `KEYS` are entry and lease; the lease's string begins with the token.
pub(crate) const TWO_KEYS_ACQUIRE: &str = with_time!(
    "local lease = redis.call('GET', KEYS[2])
    if lease then
        local left = tonumber(string.sub(lease, 41)) - now
        if left > 0 then return left end
    end
    local token = lease and string.sub(lease, 1, 16) or ARGV[1]
    redis.call('SET', KEYS[2], token .. mine, 'PX', ARGV[4])
    return token"
);
pub(crate) const TWO_KEYS_FILL: &str = "
    if redis.call('GETRANGE', KEYS[2], 0, 15) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    redis.call('DEL', KEYS[2])
    return 1";

/// As before, but an entry that is missing is marked by an empty one: a token counts only as
/// long as there is one.
pub(crate) const MARKED_ACQUIRE: &str = with_time!(
    "local exists = redis.call('EXISTS', KEYS[1]) == 1
    local lease = exists and redis.call('GET', KEYS[2])
    if lease then
        local left = tonumber(string.sub(lease, 41)) - now
        if left > 0 then return left end
    end
    local token = lease and string.sub(lease, 1, 16) or ARGV[1]
    redis.call('SET', KEYS[2], token .. mine, 'PX', ARGV[4])
    if not exists then redis.call('SET', KEYS[1], '', 'PX', ARGV[4]) end
    return token"
);
pub(crate) const MARKED_FILL: &str = "
    if redis.call('GETRANGE', KEYS[2], 0, 15) ~= ARGV[1] then return 0 end
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    redis.call('DEL', KEYS[2])
    return 1";

/// `KEYS` is the entry, with the fields `v`, `t` and `l`.
pub(crate) const HASH_ACQUIRE: &str = with_time!(
    "local old = redis.call('HMGET', KEYS[1], 't', 'l')
    if old[2] then
        local left = tonumber(string.sub(old[2], 25)) - now
        if left > 0 then return left end
    end
    if old[1] then
        redis.call('HSET', KEYS[1], 'l', mine)
        return old[1]
    end
    redis.call('HSET', KEYS[1], 't', ARGV[1], 'l', mine)
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return ARGV[1]"
);
pub(crate) const HASH_FILL: &str = "
    if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'v', ARGV[2])
    redis.call('HDEL', KEYS[1], 'l')
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return 1";

/// `KEYS` is the entry: token, lease, value. No lease is 40 zeroes. The value to fill in comes
/// with its header, so that it is not copied here.
pub(crate) const HEADER_ACQUIRE: &str = with_time!(
    "local header = redis.call('GETRANGE', KEYS[1], 0, 55)
    if header == '' then
        redis.call('SET', KEYS[1], ARGV[1] .. mine, 'PX', ARGV[4])
        return ARGV[1]
    end
    local left = tonumber(string.sub(header, 41)) - now
    if left > 0 then return left end
    redis.call('SETRANGE', KEYS[1], 16, mine)
    return string.sub(header, 1, 16)"
);
pub(crate) const HEADER_FILL: &str = "
    if redis.call('GETRANGE', KEYS[1], 0, 15) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1";
