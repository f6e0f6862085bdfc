-- Reads the versions of tags that a value has, and makes those that are missing, if no guard moved.
-- KEYS guards.., tags..
-- ARGV nonce, origin, version ms, 'o': accept versions of another origin, 'k': keep them, number of
--      guards, the guards of the grant
-- The answer repeats the nonce, so that an answer to another question is noticed. It has no versions
-- if a guard moved.
local guards = tonumber(ARGV[5])
local found = redis.call('MGET', unpack(KEYS))
for i = 1, guards do
  -- One of another origin may have been removed before a failover brought it back.
  local strange = found[i] and ARGV[4] ~= 'o' and string.sub(found[i], 1, 8) ~= ARGV[2]
  if strange or found[i] ~= string.sub(ARGV[6], 24 * i - 23, 24 * i) then return { ARGV[1] } end
end
local time = redis.call('TIME')
time = time[1] * 1000000 + time[2]
-- Made at each run, never by the client: a command that runs twice must not bring
-- back a version that was removed in between.
local function half(at, index)
  return string.sub(ARGV[1], at, at + 3) .. struct.pack('>I4', (time + index) % 2^32)
end
for i = guards + 1, #KEYS do
  local version = found[i]
  local strange = version and ARGV[4] == '' and string.sub(version, 1, 8) ~= ARGV[2]
  if not version or #version ~= 24 or strange then
    found[i] = ARGV[2] .. half(1, i) .. half(5, i)
    redis.call('SET', KEYS[i], found[i], 'PX', ARGV[3])
  end
end
for _, key in ipairs(KEYS) do
  local kept = redis.call('PTTL', key)
  if kept >= 0 and kept < tonumber(ARGV[3]) then redis.call('PEXPIRE', key, ARGV[3]) end
end
return { ARGV[1], unpack(found, guards + 1, #KEYS) }
