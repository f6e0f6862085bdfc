-- Notifies every node of a cluster, through a master that takes writes, and removes marks of open
-- writes.
-- KEYS a name that never has a value, the marks of open writes
-- ARGV channel of all nodes, message to them, marks to remove..
-- The UNLINK is a write, so that a master that takes none refuses all of it: one that was demoted or
-- is cut off still passes messages on. It needs no memory.
redis.call('UNLINK', KEYS[1])
redis.call('SPUBLISH', ARGV[1], ARGV[2])
for i = 3, #ARGV, 1000 do
  redis.call('ZREM', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return 1
