-- Reads versions, and makes those that are missing.
-- KEYS versions..
-- ARGV nonce, origin, version ms, 'o': accept versions of another origin, 'k': keep them, for each
--      version '1' if it never expires, else '0'
-- The answer repeats the nonce, so that an answer to another question is noticed.
local time = redis.call('TIME')
time = time[1] * 1000000 + time[2]
-- Made at each run, never by the client: a command that runs twice must not bring
-- back a version that was removed in between.
local function half(at, index)
  return string.sub(ARGV[1], at, at + 3) .. struct.pack('>I4', (time + index) % 2^32)
end
local versions = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  local version = versions[i]
  local strange = version and ARGV[4] == '' and string.sub(version, 1, 8) ~= ARGV[2]
  if not version or #version ~= 24 or strange then
    versions[i] = ARGV[2] .. half(1, i) .. half(5, i)
    if string.sub(ARGV[5], i, i) == '1' then
      redis.call('SET', KEYS[i], versions[i])
    else
      redis.call('SET', KEYS[i], versions[i], 'PX', ARGV[3])
    end
  elseif string.sub(ARGV[5], i, i) ~= '1' then
    -- A process may remember a version for half of its life.
    local kept = redis.call('PTTL', KEYS[i])
    if kept >= 0 and kept * 4 < ARGV[3] * 3 then redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
  end
end
return { ARGV[1], unpack(versions) }
