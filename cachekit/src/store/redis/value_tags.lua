-- Reads the versions of an entry's tags beyond those that its reader knows.
-- KEYS entry
-- ARGV the prefix of names, number of versions that the reader knows
local head = redis.call('GETRANGE', KEYS[1], 0, 97)
if #head ~= 98 or string.sub(head, 1, 3) ~= 'CK\1' or string.byte(head, 4) % 2 == 0 then
  return { '' }
end
local count = struct.unpack('<I2', head, 97)
local start = 98 + 24 * count
local text = redis.call('GETRANGE', KEYS[1], start, start + 8191)
local names, at = {}, 1
for i = 3, count do
  if at + 3 > #text then return { '' } end
  local length = struct.unpack('<I4', text, at)
  -- An encrypted entry may hide its names. The reader then asks for their versions.
  if length == 0 or at + 3 + length > #text then return { '' } end
  if i > tonumber(ARGV[2]) then
    names[#names + 1] = ARGV[1] .. string.sub(text, at + 4, at + 3 + length)
  end
  at = at + 4 + length
end
local token = string.sub(head, 9, 24)
if #names == 0 then return { token } end
return { token, unpack(redis.call('MGET', unpack(names))) }
