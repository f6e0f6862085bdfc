-- The work on the queue of a write-behind function.
-- KEYS the beginning of the queue's keys
-- ARGV operation, 'newest' or 'each', and the arguments of the operation
-- A key is due at its score in `due`. While a claim holds it, that is the end of the claim.
-- A write whose value reads do not get has an R before its arguments.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local op, is_newest = ARGV[1], ARGV[2] == 'newest'
local function name(part) return KEYS[1] .. part end
local values, due, since, version = name('values'), name('due'), name('since'), name('version')
local attempts, claims = name('attempts'), name('claims')
-- The versions of the writes that workers began to carry out, and the numbers of their claims that
-- were not ended afterwards.
local begun, lost = name('begun'), name('lost')
local count, dead = name('count'), name('dead')
-- Writes up to this version do not wait for further ones.
local flushed = name('flushed')
local function items(key) return name('items:' .. key) end

-- A server without memory refuses a script whose first write takes memory. This one takes none, and
-- what is carried out frees memory.
if op ~= 'state' then redis.call('HDEL', claims, '') end

local function version_of(item)
  return tonumber(string.match(item, '^(%d+):') or 0)
end
local function first(key)
  if is_newest then return redis.call('HGET', values, key) end
  return redis.call('LINDEX', items(key), 0)
end
local function remove_first(key)
  if is_newest then
    redis.call('HDEL', values, key)
  else
    redis.call('LPOP', items(key))
    redis.call('DECR', count)
  end
end
local function forget_attempts(key)
  redis.call('HDEL', attempts, key)
  redis.call('HDEL', lost, key)
  redis.call('HDEL', begun, key)
end
local function forget(key)
  redis.call('ZREM', due, key)
  redis.call('ZREM', since, key)
  redis.call('HDEL', claims, key)
  forget_attempts(key)
end
local function has_claim(claim, key) return redis.call('HGET', claims, key) == claim end
local function release(key, pause)
  redis.call('HDEL', claims, key)
  redis.call('HDEL', begun, key)
  redis.call('ZADD', due, 'XX', now + pause, key)
end
-- After the writes of the key up to the version `last` were removed, perhaps by an earlier run of the
-- same operation. Returns the write that is left. Where the newest wins, it may have replaced writes
-- that were accepted right after `last`.
local function shorten(key, last)
  local left = first(key)
  if not left then
    forget(key)
  elseif not is_newest then
    redis.call('ZADD', since, 'XX', version_of(left), key)
  elseif tonumber(redis.call('ZSCORE', since, key) or 0) <= last then
    redis.call('ZADD', since, 'XX', last + 1, key)
  end
  return left
end
-- After the write that was claimed was removed or replaced.
local function go_on(key, left, pause)
  if not left then return forget(key) end
  forget_attempts(key)
  release(key, pause)
end
-- Returns the ms for which a write, the first one left of its key, waits for further ones. It waits
-- from its acceptance on. The clock may have been set back after that. A flush may wait for a write
-- that it replaced.
local function pause_of(key, left, every)
  local oldest = tonumber(redis.call('ZSCORE', since, key) or 0)
  if oldest <= tonumber(redis.call('GET', flushed) or 0) then return 0 end
  return math.max(0, every - math.max(0, now - math.floor(version_of(left) / 1000)))
end
local function state()
  local oldest = redis.call('ZRANGE', since, 0, 0, 'WITHSCORES')
  local writes = is_newest and redis.call('ZCARD', due) or tonumber(redis.call('GET', count) or 0)
  local us = string.format('%.0f', time[1] * 1000000 + time[2])
  local last = redis.call('GET', version) or us
  return { us, last, writes, redis.call('XLEN', dead), oldest[2] or '' }
end
-- The first writes of a key: at most `most`, and of at most `bytes` but for the first.
local function take(key, most, bytes)
  local queued = is_newest and { first(key) or nil } or redis.call('LRANGE', items(key), 0, most - 1)
  local taken = {}
  for i, item in ipairs(queued) do
    bytes = bytes - #item
    if i > 1 and bytes < 0 then break end
    taken[i] = item
  end
  return taken, bytes
end

local run = {}

function run.claim(most, bytes, lease, claim)
  most, bytes = tonumber(most), tonumber(bytes)
  local claimed = {}
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)) do
    if most <= 0 or bytes <= 0 then break end
    local taken
    taken, bytes = take(key, most, bytes)
    if #taken == 0 then
      forget(key)
    else
      -- The last worker began to carry out the write, and did not end its claim.
      local last = tonumber(redis.call('HGET', begun, key) or -1)
      if last == version_of(taken[1]) then redis.call('HINCRBY', lost, key, 1) end
      redis.call('HDEL', begun, key)
      redis.call('HSET', claims, key, claim)
      redis.call('ZADD', due, now + tonumber(lease), key)
      most = most - #taken
      local tries = tonumber(redis.call('HGET', attempts, key) or 0)
      claimed[#claimed + 1] = { key, tries, tonumber(redis.call('HGET', lost, key) or 0), taken }
    end
  end
  local next_due = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
  return { state(), next_due and string.format('%.0f', next_due - now) or '', claimed }
end

-- Answers with the positions of the writes whose claims are over.
function run.begin(claim, ...)
  local writes, over = { ... }, {}
  for i = 1, #writes, 2 do
    if has_claim(claim, writes[i]) then
      redis.call('HSET', begun, writes[i], writes[i + 1])
    else
      over[#over + 1] = (i - 1) / 2
    end
  end
  return over
end

function run.outlive(claim, ...)
  for _, key in ipairs({ ... }) do
    if has_claim(claim, key) then redis.call('HDEL', begun, key) end
  end
  return 1
end

function run.renew(lease, claim, ...)
  for _, key in ipairs({ ... }) do
    if has_claim(claim, key) then redis.call('ZADD', due, 'XX', now + tonumber(lease), key) end
  end
  return 1
end

-- Answers with 1 if the claim goes on for further writes of all these keys.
function run.finish(every, claim, keeps, ...)
  local written, goes_on = { ... }, keeps == '1'
  for i = 1, #written, 2 do
    local key, last = written[i], tonumber(written[i + 1])
    local item, is_removed = first(key), false
    while item and version_of(item) <= last do
      remove_first(key)
      item, is_removed = first(key), true
    end
    local left = shorten(key, last)
    if not left or not has_claim(claim, key) then
      goes_on = false
    elseif keeps ~= '1' then
      forget_attempts(key)
      release(key, pause_of(key, left, tonumber(every)))
    elseif is_removed then
      -- A repetition that is late does not forget the attempt at the next write.
      forget_attempts(key)
    end
  end
  return goes_on and 1 or 0
end

function run.retry(claim, key, of, pause, tries)
  if not has_claim(claim, key) then return 0 end
  local item = first(key)
  if item and version_of(item) == tonumber(of) then
    if tries ~= '0' then
      redis.call('HINCRBY', attempts, key, tries)
      -- The worker outlived the attempt.
      redis.call('HDEL', lost, key)
    end
    release(key, tonumber(pause))
  else
    -- A newer write replaced it. The source may be what is at fault.
    go_on(key, item, tonumber(pause))
  end
  return 1
end

function run.hide(claim, key, of)
  local item = is_newest and has_claim(claim, key) and first(key) or ''
  local version_text, payload = string.match(item, '^(%d+):(.*)$')
  if not payload or tonumber(version_text) ~= tonumber(of) then return 0 end
  if string.sub(payload, 1, 1) ~= 'R' then
    redis.call('HSET', values, key, version_text .. ':R' .. payload)
  end
  return 1
end

function run.bury(claim, key, of, tries, reason, pause)
  if not has_claim(claim, key) then return 0 end
  local item = first(key)
  local is_it = item and version_of(item) == tonumber(of)
  if is_it then
    redis.call('XADD', dead, '*', 'key', key, 'attempts', tries, 'reason', reason, 'kind', ARGV[2],
      'write', item)
    remove_first(key)
    go_on(key, shorten(key, tonumber(of)), 0)
  else
    go_on(key, item, tonumber(pause))
  end
  return is_it and 1 or 0
end

function run.state() return state() end

-- Answers with the version after which to go on, or nil after the last part. The last key of a part is
-- the first of the next one, because two keys may have one version.
function run.hasten(after, upto, most)
  local last = tonumber(redis.call('GET', flushed) or 0)
  if tonumber(upto) > last then redis.call('SET', flushed, upto) end
  local range = { since, '(' .. after, upto, 'WITHSCORES', 'LIMIT', 0, most }
  local keys = redis.call('ZRANGEBYSCORE', unpack(range))
  for i = 1, #keys, 2 do
    local key = keys[i]
    local waits = redis.call('HEXISTS', claims, key) == 0
      and redis.call('HEXISTS', attempts, key) == 0
    local due_at = tonumber(redis.call('ZSCORE', due, key) or 0)
    if waits and due_at > now then redis.call('ZADD', due, 'XX', now, key) end
  end
  return #keys == 2 * tonumber(most) and string.format('%.0f', keys[#keys] - 1) or false
end

-- Where each counts, a replayed write is a new one. Where the newest wins, it keeps its version, so
-- that it does not replace a newer one in the source, and is dropped if a newer one is queued. In both
-- cases it waits from the replay on.
function run.take_dead(id, revives)
  local found = redis.call('XRANGE', dead, id, id)[1]
  if not found then return false end
  local fields = {}
  for i = 1, #found[2], 2 do fields[found[2][i]] = found[2][i + 1] end
  -- A command for operators does not know the kind.
  is_newest = fields.kind == 'newest'
  local key, of, payload = fields.key, string.match(fields.write, '^(%d+):(.*)$')
  local queued = first(key)
  local has_newer = is_newest and queued and of and version_of(queued) >= tonumber(of)
  if revives == '1' and of and not has_newer then
    local last = tonumber(redis.call('GET', version) or 0)
    local next = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
    redis.call('SET', version, next)
    if is_newest then
      if string.sub(payload, 1, 1) ~= 'R' then payload = 'R' .. payload end
      redis.call('HSET', values, key, of .. ':' .. payload)
      -- They were those of the write that is replaced.
      redis.call('HDEL', attempts, key)
      redis.call('HDEL', lost, key)
    else
      redis.call('RPUSH', items(key), next .. ':' .. payload)
      redis.call('INCR', count)
    end
    if not queued then
      redis.call('ZADD', due, now, key)
      redis.call('ZADD', since, next, key)
    end
  end
  redis.call('XDEL', dead, id)
  return key
end

return run[op](unpack(ARGV, 3))
