-- Sends a hello and a heartbeat, through a server that takes writes.
-- KEYS a name that never has a value
-- ARGV this node's channel, the heartbeat, the channel of all nodes, hello or '', the command that
--      sends a message
-- The UNLINK is a write, so that a server that takes none refuses all of it: one that was demoted
-- or is cut off still passes messages on. It needs no memory, and leaves nothing behind.
redis.call('UNLINK', KEYS[1])
if ARGV[4] ~= '' then redis.call(ARGV[5], ARGV[3], ARGV[4]) end
return redis.call(ARGV[5], ARGV[1], ARGV[2])
