-- Stores a value if nothing was invalidated since the grant; ends the lease.
-- KEYS entry, versions.., guards.., value tags that were not known before.., for a write: the
--      replicas' version
-- ARGV token, holder or '', bytes, kept ms, version ms, number of versions, number of guards,
--      their values, number of versions that never expire, channel or '', message
--      for a write, or with value tags: nonce, origin, number of value tags,
--      'o': accept versions of another origin
--      for a write: its order or '', channel of all nodes, message to them or '', name of the marks
--      of open writes, mark of this write or ''
-- Without a channel, nobody is woken, and 16 is added to the answer if somebody waits.
local entry, count, guards = KEYS[1], tonumber(ARGV[6]), tonumber(ARGV[7])
local order = ARGV[16] or ''
local head = redis.call('GETRANGE', entry, '0', '55')
local known = #head == 56 and string.sub(head, 1, 3) == 'CK\1'

local waits = 0
local function wake()
  if not known or string.byte(head, 6) ~= 1 then return end
  if ARGV[10] == '' then waits = 16 else redis.call('PUBLISH', ARGV[10], ARGV[11]) end
end
local function refuse(why)
  if known and ARGV[2] ~= '' and string.sub(head, 25, 40) == ARGV[2] then
    redis.call('SETRANGE', entry, '24', string.rep('\0', 16))
    redis.call('SETRANGE', entry, '5', '\0')
    wake()
  end
  return why + waits
end

local mine = known and string.sub(head, 9, 24) == ARGV[1]
-- The same generation: only writes with an order came in between.
local akin = known and order ~= '' and string.sub(head, 9, 16) == string.sub(ARGV[1], 1, 8)
if not mine and not akin then return refuse(0) end
if akin and string.byte(head, 4) % 2 == 1 and string.byte(head, 4) % 8 >= 4 then
  local there = redis.call('GETRANGE', entry, '-8', '-1')
  -- A Lua number does not hold 64 bits.
  local th, tl = struct.unpack('>I4I4', there)
  local nh, nl = struct.unpack('>I4I4', order)
  local newer = th > nh or th == nh and tl > nl
  if newer then return 2 end
  if there == order and not mine then return refuse(0) end
end

local versions = #KEYS > 1 and redis.call('MGET', unpack(KEYS, 2)) or {}
for i = 1, count + guards do
  if versions[i] ~= string.sub(ARGV[8], 24 * i - 23, 24 * i) then return refuse(-1) end
end

local late, last = '', count + guards + tonumber(ARGV[14] or 0)
local time
local function half(at, index)
  if not time then
    time = redis.call('TIME')
    time = time[1] * 1000000 + time[2]
  end
  return string.sub(ARGV[12], at, at + 3) .. struct.pack('>I4', (time + index) % 2^32)
end
for i = count + guards + 1, last do
  local version = versions[i]
  local strange = version and string.sub(version, 1, 8) ~= ARGV[13] and ARGV[15] ~= 'o'
  if not version or #version ~= 24 or strange then
    version = ARGV[13] .. half(1, i) .. half(5, i)
    redis.call('SET', KEYS[i + 1], version, 'PX', ARGV[5])
  end
  late = late .. version
end

redis.call('SET', entry, ARGV[3], 'PX', ARGV[4])
if late ~= '' then redis.call('SETRANGE', entry, 98 + 24 * count, late) end
-- A version outlives the entries that depend on it, unless it never expires. `version ms` is at least
-- twice the life of the entry, so only a version that has lost a quarter of that is kept longer.
local short = ARGV[5] * 3 / 4
for i = tonumber(ARGV[9]) + 1, last do
  local kept = redis.call('PTTL', KEYS[i + 1])
  if kept >= 0 and kept < short then
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[5])
  end
end
-- The replicas have older values than the write.
if last + 2 == #KEYS then redis.call('UNLINK', KEYS[#KEYS]) end
wake()
-- An error ends the script, so the mark stays unless the message is sent.
if (ARGV[18] or '') ~= '' then redis.call('PUBLISH', ARGV[17], ARGV[18]) end
if (ARGV[20] or '') ~= '' then redis.call('ZREM', ARGV[19], ARGV[20]) end
return 1 + waits
