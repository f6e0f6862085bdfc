-- Ends a lease without a store. The token stays: a computation with it may store.
-- KEYS entry
-- ARGV holder, channel, message
-- Without a channel, nobody is woken, and the answer is 2 if somebody waits.
local head = redis.call('GETRANGE', KEYS[1], 0, 55)
if #head ~= 56 or string.sub(head, 1, 3) ~= 'CK\1' then return 0 end
if string.sub(head, 25, 40) ~= ARGV[1] then return 0 end
redis.call('SETRANGE', KEYS[1], 24, string.rep('\0', 16))
if string.byte(head, 6) == 1 then
  redis.call('SETRANGE', KEYS[1], 5, '\0')
  if ARGV[2] == '' then return 2 end
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return 1
