-- Says hello, and sends an echo, by a server that takes writes.
-- KEYS nothing: a name under which nothing stands
-- ARGV this node's channel, the echo, the channel of all nodes, hello or ''
-- A write, so that a server that takes none refuses all of it: one that was demoted, or is cut
-- off, goes on passing messages on. It needs no memory, and leaves nothing behind.
redis.call('UNLINK', KEYS[1])
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
return redis.call('PUBLISH', ARGV[1], ARGV[2])
