-- Writes a change of a session, if the session is still of the node that asks. Messages that are there already are skipped.
--
-- Answers 1; 2 if it has, and messages that were forwarded to the session wait; 0 if the session is another node's or nobody's; -1 if messages are missing that the change does not bring; -2 if
-- Redis is full: then only what is not needed any more has been removed; -3 if the session was revoked.
local inbox, outbox, record = KEYS[1], KEYS[2], KEYS[3]
local fence, ttl, taken, committed, sent, acknowledged, attempt, forwards, forwards_done = unpack(redis.call(
  'HMGET', record, 'fence', 'ttl', 'taken', 'committed', 'sent', 'acknowledged', 'attempt', 'forwards', 'forwarded'
))
if fence == 'revoked' then
  return -3
end
if fence ~= ARGV[1] then
  return 0
end

-- A number as Redis writes it: Lua would write a large one with an exponent.
local function digits(number)
  return string.format('%.0f', number)
end

local function id(number)
  return digits(number) .. '-0'
end

-- What is to be done with a stream that `had` messages, of which the first `had_done` were not needed any more. Nil if messages
-- are missing. See `Numbered::follows`.
local function plan(stream, had, had_done, done, at)
  local after = tonumber(ARGV[at])
  local last = after + tonumber(ARGV[at + 1])
  local result = { stream = stream, at = at + 2, after = after, had = had, had_done = had_done, to = last }
  result.last = math.max(had, last)
  done = math.max(had_done, done)
  if redis.call('XLEN', stream) == had - had_done and after <= had then
    result.from = math.max(had, done) + 1
  elseif last >= had and after <= done then
    -- The change brings all that is needed. What is there does not matter.
    result.is_whole = true
    result.from = done + 1
  else
    return nil
  end
  result.done = math.min(done, result.last)
  return result
end

-- The kind and the bytes of a message of the change.
local function message(plan, number)
  local at = plan.at + 2 * (number - plan.after - 1)
  return ARGV[at], ARGV[at + 1]
end

local sent_at = 7 + 2 * tonumber(ARGV[6])
local input = plan(inbox, tonumber(taken), tonumber(committed), tonumber(ARGV[2]), 5)
local output = plan(outbox, tonumber(sent), tonumber(acknowledged), tonumber(ARGV[3]), sent_at)
if not input or not output then
  return -1
end

-- Which of the messages that were forwarded are among those that the change sends, of those that were not before.
forwards, forwards_done = tonumber(forwards or 0), tonumber(forwards_done or 0)
local now_done = math.max(forwards_done, tonumber(ARGV[4]))

-- How much more memory the change takes than it frees, in bytes of messages.
local function growth()
  local bytes = 0
  for _, plan in ipairs({ input, output }) do
    for number = plan.from, plan.to do
      local _, bytes_of_message = message(plan, number)
      bytes = bytes + #bytes_of_message
    end
    if plan.done > plan.had_done then
      -- The first are enough: if they are not, the change waits until there is room.
      for _, entry in ipairs(redis.call('XRANGE', plan.stream, '-', id(plan.done), 'COUNT', 64)) do
        bytes = bytes - #entry[2][2]
      end
    end
  end
  for number = forwards_done + 1, math.min(now_done, forwards) do
    bytes = bytes - redis.call('HSTRLEN', record, 'f' .. digits(number))
  end
  return bytes
end

-- Leaves of a plan only what frees memory.
local function only_trim(plan)
  plan.to, plan.last, plan.done = 0, plan.had, math.min(plan.done, plan.had)
end

local answer = 1
if input.from <= input.to or output.from <= output.to then
  -- A full Redis refuses this, which changes nothing. In a script that has written before, it refuses nothing any more.
  local probe = redis.pcall('HSET', record, 'fence', fence)
  local failure = type(probe) == 'table' and probe.err
  if failure and not string.find(failure, 'OOM', 1, true) then
    return probe
  end
  -- What makes as much room as it takes goes on. Otherwise a Redis full of questions would be full for good, since each
  -- answer would have to wait for room. What is written as a whole had its room before.
  if failure and not input.is_whole and not output.is_whole and growth() > 0 then
    answer = -2
    if output.last > output.had then
      -- A commit and the messages that go with it are one step, and so are forwarded messages and that they do not wait any more.
      input.done, now_done = input.had_done, forwards_done
    end
    only_trim(input)
    only_trim(output)
  end
end

-- A full Redis takes this, and so all that follows.
redis.call('PEXPIRE', record, digits(ttl * 1.5))
for _, plan in ipairs({ input, output }) do
  if plan.is_whole then
    redis.call('UNLINK', plan.stream)
  elseif plan.done > plan.had_done then
    -- Redis drops a hundred messages at a time: 65,000 take it half a millisecond.
    redis.call('XTRIM', plan.stream, 'MINID', '=', id(plan.done + 1))
  end
  for number = plan.from, plan.to do
    redis.call('XADD', plan.stream, id(number), message(plan, number))
  end
  redis.call('PEXPIRE', plan.stream, digits(ttl * 1.5))
end
if now_done > forwards_done then
  for number = forwards_done + 1, math.min(now_done, forwards) do
    redis.call('HDEL', record, 'f' .. digits(number))
  end
  -- A Redis that came back with an older state may have lost some.
  forwards = math.max(forwards, now_done)
  redis.call('HSET', record, 'forwards', digits(forwards), 'forwarded', digits(now_done))
end
redis.call(
  'HSET', record,
  'taken', digits(input.last), 'committed', digits(input.done),
  'sent', digits(output.last), 'acknowledged', digits(output.done),
  'attempt', digits(math.max(tonumber(attempt), tonumber(ARGV[#ARGV])))
)
if answer == 1 and forwards > now_done then
  return 2
end
return answer
