-- Accepts a write of a write-behind function, unless its queue is full.
-- KEYS newest values or the number of writes, keys by the time they are due, keys by the version of
--      their first write, the last version, and then the key's writes (where each counts) or failed
--      attempts and lost claims
-- ARGV 'newest' or 'each', key, arguments, ms until the key is due, the most writes
-- Answers with 1 and the version, or with 0, the version, and 1 if the key has older writes.
-- A version is the server's time in us, or one more than the last version if the time is not later.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('GET', KEYS[4]) or 0)
local version = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[4], version)
local is_newest, key, most = ARGV[1] == 'newest', ARGV[2], tonumber(ARGV[5])
local is_known = redis.call('ZSCORE', KEYS[2], key)
if is_newest then
  if not is_known and redis.call('ZCARD', KEYS[2]) >= most then return {0, version, 0} end
  redis.call('HSET', KEYS[1], key, version .. ':' .. ARGV[3])
  -- They were those of the write that is replaced.
  if is_known then
    redis.call('HDEL', KEYS[5], key)
    redis.call('HDEL', KEYS[6], key)
  end
else
  if tonumber(redis.call('GET', KEYS[1]) or 0) >= most then
    return {0, version, is_known and 1 or 0}
  end
  redis.call('RPUSH', KEYS[5], version .. ':' .. ARGV[3])
  redis.call('INCR', KEYS[1])
end
if not is_known then
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), key)
  redis.call('ZADD', KEYS[3], version, key)
end
return {1, version}
