-- Keeps the token while a computation runs, and extends its lease.
-- KEYS entry, versions and guards that expire..
-- ARGV token, holder or '', lease ms (0: let it run out), room ms, version ms
local left = redis.call('PTTL', KEYS[1])
local head = redis.call('GETRANGE', KEYS[1], 0, 55)
if left <= 0 or #head ~= 56 or string.sub(head, 1, 3) ~= 'CK\1' then return 0 end
if string.sub(head, 9, 24) ~= ARGV[1] then return 0 end
local floor, grace = struct.unpack('>I8I8', head, 41)
local room, lease = tonumber(ARGV[4]), tonumber(ARGV[3])
if left < room then
  redis.call('PEXPIRE', KEYS[1], room)
  floor, grace, left = floor + room - left, grace + room - left, room
end
if lease > 0 and ARGV[2] ~= '' and string.sub(head, 25, 40) == ARGV[2] then
  floor = left - math.min(left, lease)
end
redis.call('SETRANGE', KEYS[1], 40, struct.pack('>I8I8', floor, grace))
-- The versions that the value will depend on, from before the computation.
for i = 2, #KEYS do
  local kept = redis.call('PTTL', KEYS[i])
  if kept >= 0 and kept < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[i], ARGV[5]) end
end
return 1
