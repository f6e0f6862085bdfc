-- Makes entries stale, and all that depends on the versions; then notifies every node, and then
-- removes marks of open writes. An error ends the script, so a mark stays unless the message is sent.
-- KEYS the marks of open writes, entries.., versions..
-- ARGV nonce, number of entries, channel of all nodes or '', message to them, marks to remove..
-- In a cluster, there is no channel, and the first key is not used.
local time = redis.call('TIME')
time = time[1] * 1000000 + time[2]
-- Made at each run: a command that runs twice must not bring back what it made.
local function half(at, index)
  return string.sub(ARGV[1], at, at + 3) .. struct.pack('>I4', (time + index) % 2^32)
end

local function soften_entry(key, index)
  local left = redis.call('PTTL', key)
  local head = redis.call('GETRANGE', key, 0, 55)
  local known = left > 0 and #head == 56 and string.sub(head, 1, 3) == 'CK\1'
  local grace = 0
  if known and string.byte(head, 4) % 2 == 1 then grace = struct.unpack('>I8', head, 49) end
  -- A token alone, or a value that may not be served stale.
  if grace == 0 then return redis.call('UNLINK', key) end
  if left > grace then redis.call('PEXPIRE', key, grace) end
  local void = half(1, index) .. half(5, index) .. string.rep('\0', 24)
  redis.call('SETRANGE', key, 5, '\0\0\0' .. void)
end

for i = 2, #KEYS do
  if i <= tonumber(ARGV[2]) + 1 then
    soften_entry(KEYS[i], i)
  elseif redis.call('STRLEN', KEYS[i]) == 24 then
    -- A missing version differs anyway when it is made again.
    redis.call('SETRANGE', KEYS[i], 16, half(1, i))
  end
end
if ARGV[3] == '' then return 0 end
redis.call('PUBLISH', ARGV[3], ARGV[4])
for i = 5, #ARGV, 1000 do
  redis.call('ZREM', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return 1
