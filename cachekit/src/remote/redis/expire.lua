-- Ends an entry's life: all that is left of it becomes grace.
-- KEYS entry
local left = redis.call('PTTL', KEYS[1])
local start = redis.call('GETRANGE', KEYS[1], 0, 2)
if left <= 0 or start ~= 'CK\1' then return 0 end
redis.call('SETRANGE', KEYS[1], 48, struct.pack('>I8', left))
return 1
