-- Finds the commands in ARGV that this account may not run. Runs none of them.
-- ARGV for each: the number of words, then the words
-- Answers with their numbers, from 0; with none if the server cannot tell.
if not redis.acl_check_cmd then return {} end
local lacks, at, number = {}, 1, 0
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local is_known, may = pcall(redis.acl_check_cmd, unpack(ARGV, at + 1, at + count))
  if is_known and not may then lacks[#lacks + 1] = number end
  at, number = at + count + 1, number + 1
end
return lacks
