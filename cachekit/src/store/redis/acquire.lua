-- Grants the right to compute and to store.
-- KEYS entry, versions.., guards..
-- ARGV nonce, origin, holder or '', lease ms, room ms, version ms, number of versions,
--      number of versions that never expire, options or none ('r': even if the entry is good;
--      'n': a new token; 'g': of the same generation; 'o': accept versions of another origin;
--      'e': the rejected entry is stale; 'c': the versions are at other masters of a cluster and not
--      among the keys, so an entry that may be good is answered with its versions, which the client
--      compares), rejected token or none
-- The answer is a digit, the nonce, so that an answer to another question is noticed, and then what
-- the digit stands for: 0, another holder has the lease, for so many ms; 1, granted, the token and the
-- versions; 2, the entry is good; 3, the entry may be good, its token and its versions.
-- The answer is one string, and numbers are passed to Redis as strings where a miss does: that takes
-- a script less time.
local entry, count, options = KEYS[1], tonumber(ARGV[7]), ARGV[9] or ''
local none = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
local time = redis.call('TIME')
time = time[1] * 1000000 + time[2]
-- Made at each run, never by the client: a command that runs twice must not bring
-- back a version that was removed in between.
local function half(at, index)
  return string.sub(ARGV[1], at, at + 3) .. struct.pack('>I4', (time + index) % 2^32)
end

local head = redis.call('GETRANGE', entry, '0', '55')
local known, left, floor, grace = false, 0, 0, 0
if #head == 56 and string.sub(head, 1, 3) == 'CK\1' then
  left = redis.call('PTTL', entry)
  known = left > 0
  if known then floor, grace = struct.unpack('>I8I8', head, 41) end
end

local versions = #KEYS > 1 and redis.call('MGET', unpack(KEYS, 2)) or {}
for i = 1, #KEYS - 1 do
  local version = versions[i]
  -- In another data set it may be a version that was invalidated there.
  local strange = version and string.sub(version, 1, 8) ~= ARGV[2] and not string.find(options, 'o')
  if not version or #version ~= 24 or strange then
    versions[i] = ARGV[2] .. half(1, i) .. half(5, i)
    if i <= tonumber(ARGV[8]) then
      redis.call('SET', KEYS[i + 1], versions[i])
    else
      redis.call('SET', KEYS[i + 1], versions[i], 'PX', ARGV[6])
    end
  end
end

-- The versions of an entry that is fresh and was not rejected.
local function recorded()
  if string.byte(head, 4) % 2 == 0 or left <= grace or string.sub(head, 9, 24) == ARGV[10] then
    return nil
  end
  local kept = redis.call('GETRANGE', entry, 96, 97 + 24 * count)
  if #kept ~= 2 + 24 * count or struct.unpack('<I2', kept) < count then return nil end
  return string.sub(kept, 3)
end
if known and not string.find(options, 'r') then
  local kept = recorded()
  if kept and string.find(options, 'c') then
    return '3' .. ARGV[1] .. string.sub(head, 9, 24) .. kept
  end
  if kept and kept == table.concat(versions, '', 1, count) then return '2' .. ARGV[1] end
end

-- Stale because of a softly invalidated version: from now on also by its own life.
if known and string.find(options, 'e') and left > grace and string.sub(head, 9, 24) == ARGV[10] then
  grace = left
  redis.call('SETRANGE', entry, '48', struct.pack('>I8', grace))
end

local holder = known and string.sub(head, 25, 40) or none
if ARGV[3] ~= '' and holder ~= none and holder ~= ARGV[3] and left > floor then
  -- The script that ends the lease notifies the waiters.
  redis.call('SETRANGE', entry, '5', '\1')
  return '0' .. ARGV[1] .. left - floor
end

local token = known and string.sub(head, 9, 24)
if not token or string.find(options, 'n') then
  -- The first half is the generation. It is made at each run, as versions are.
  local generation = string.find(options, 'g') and token and string.sub(token, 1, 8)
  token = (generation or half(1, 0)) .. half(5, 0)
end
local room = tonumber(ARGV[5])
if not known then
  left = room
elseif left < room then
  redis.call('PEXPIRE', entry, ARGV[5])
  floor, grace, left = floor + room - left, grace + room - left, room
end
if ARGV[3] ~= '' then
  holder, floor = ARGV[3], left - math.min(left, tonumber(ARGV[4]))
end
local state = token .. holder .. struct.pack('>I8I8', floor, grace)
if known then
  redis.call('SETRANGE', entry, '8', state)
else
  redis.call('SET', entry, 'CK\1\0\0\0\0\0' .. state, 'PX', ARGV[5])
end
return '1' .. ARGV[1] .. token .. table.concat(versions)
