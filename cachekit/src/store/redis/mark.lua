-- Marks a write as open, or extends its mark.
-- KEYS the marks of open writes
-- ARGV the mark, ms for which it stands
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return 1
