-- Removes names, then notifies every node, and then removes marks of open writes. An error ends the
-- script, so a mark stays unless its names are gone and the message is sent.
-- KEYS the marks of open writes, names..
-- ARGV channel of all nodes, message to them, marks to remove..
-- The first command is one that takes no memory, so that a server without memory runs the script.
for i = 2, #KEYS, 1000 do
  redis.call('UNLINK', unpack(KEYS, i, math.min(i + 999, #KEYS)))
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
for i = 3, #ARGV, 1000 do
  redis.call('ZREM', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
return 1
