-- Hands out marks of writes that ended without their invalidation, and moves each to its next round.
-- KEYS the marks of open writes
-- ARGV the most marks to hand out, the beginning of a node's channel or '', ms from each round to the next..
-- Answers with the round and the mark, for each.
-- A score is the ms at which the mark is over, or its next round is due, and 2^43 for each round
-- that was handed out.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, last, one = tonumber(ARGV[1]), #ARGV - 2, 2 ^ 43
local due = {}

local function between(first, excluded, to, limit)
  first, to = string.format('%.0f', first), string.format('%.0f', to)
  return redis.call('ZRANGEBYSCORE', KEYS[1], excluded .. first, to, 'LIMIT', 0, limit)
end
local function hand_out(mark, rounds)
  local round = math.min(rounds + 1, last)
  -- A server without memory refuses the next score. The mark is then handed out again.
  redis.pcall('ZADD', KEYS[1], now + tonumber(ARGV[round + 2]) + round * one, mark)
  due[#due + 1] = round
  due[#due + 1] = mark
end
local function hand_out_all(rounds)
  for _, mark in ipairs(between(rounds * one, '', rounds * one + now, most - #due / 2)) do
    hand_out(mark, rounds)
  end
end

if redis.call('ZCARD', KEYS[1]) == 0 then return due end
-- From the last round to the first, so that no mark is handed out twice.
if #between(one, '', (last + 1) * one, 1) > 0 then
  for rounds = last, 1, -1 do hand_out_all(rounds) end
end
hand_out_all(0)

-- In a cluster, no server knows who listens.
if ARGV[2] == '' then return due end
-- Does the node listen? Asked once for each. An account that may not ask takes it for granted.
local listens = {}
local function is_alive(node)
  if listens[node] == nil then
    local channel = ARGV[2]
    for i = 1, #node do channel = channel .. string.format('%02x', string.byte(node, i)) end
    local answer = redis.pcall('PUBSUB', 'NUMSUB', channel)
    listens[node] = answer.err ~= nil or answer[2] ~= 0
  end
  return listens[node]
end
for _, mark in ipairs(between(now, '(', one - 1, most)) do
  if #due < 2 * most and not is_alive(string.sub(mark, 1, 16)) then hand_out(mark, 0) end
end
return due
