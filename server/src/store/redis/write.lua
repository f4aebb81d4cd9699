-- Writes a change of a session, if the session is still of the node that asks. Messages that are there already are skipped.
local inbox, outbox, record = KEYS[1], KEYS[2], KEYS[3]
local fence, committed, acknowledged = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('HGET', record, 'fence') ~= fence then
  return 0
end

-- A number as Redis writes it: Lua would write a large one with an exponent.
local function digits(number)
  return string.format('%.0f', number)
end

-- Whether a message is missing before those that come. See `Numbered::follows`.
local function has_gap(after, count, done)
  return after > math.max(tonumber(redis.call('HGET', record, count)), done)
end

local at = 4
local function append(stream, count, done_count, done)
  local had = tonumber(redis.call('HGET', record, count))
  local number, messages = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, messages do
    number = number + 1
    if number > had then
      redis.call('XADD', stream, digits(number) .. '-0', ARGV[at], ARGV[at + 1])
    end
    at = at + 2
  end
  if number > had then
    redis.call('HSET', record, count, digits(number))
  end
  if done > tonumber(redis.call('HGET', record, done_count)) then
    redis.call('HSET', record, done_count, digits(done))
    redis.call('XTRIM', stream, 'MINID', '=', digits(done + 1) .. '-0')
  end
end

local sent_at = at + 2 + 2 * tonumber(ARGV[at + 1])
if has_gap(tonumber(ARGV[at]), 'taken', committed) or has_gap(tonumber(ARGV[sent_at]), 'sent', acknowledged) then
  return -1
end
append(inbox, 'taken', 'committed', committed)
append(outbox, 'sent', 'acknowledged', acknowledged)
local ttl = tonumber(redis.call('HGET', record, 'ttl'))
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, digits(ttl * 1.5))
end
return 1
