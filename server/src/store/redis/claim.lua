-- Claims a session for the node that asks, if it is of this principal and has all that its client knows of.
local inbox, outbox, record = KEYS[1], KEYS[2], KEYS[3]
local fence, received, known_acknowledged = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local attempt, answered = tonumber(ARGV[5]), tonumber(ARGV[6])
local present, principal, ttl, taken, committed, sent, acknowledged, last, forwarded, format = unpack(redis.call(
  'HMGET', record, 'fence', 'principal', 'ttl', 'taken', 'committed', 'sent', 'acknowledged', 'attempt', 'forwarded', 'format'
))
if format and format ~= ARGV[7] then
  return redis.status_reply('format ' .. format)
end
if not principal then
  -- The three keys expire together. Streams without their record are what an evicting Redis has left.
  return redis.status_reply(redis.call('EXISTS', inbox, outbox) > 0 and 'lost' or 'unknown')
end
if present == 'revoked' then
  return redis.status_reply('unknown')
end
if principal ~= ARGV[2] then
  return redis.status_reply('foreign')
end
-- A claim may be repeated.
if present ~= fence then
  if answered > tonumber(last) then
    return redis.status_reply('lost')
  end
  if attempt <= tonumber(last) then
    return redis.status_reply('late')
  end
end
if received > tonumber(sent) or known_acknowledged > tonumber(taken)
  or redis.call('XLEN', inbox) ~= taken - committed
  or redis.call('XLEN', outbox) ~= sent - acknowledged then
  return redis.status_reply('lost')
end
if received < tonumber(acknowledged) then
  return redis.status_reply('past')
end
-- A full Redis takes PEXPIRE, and all that follows it in a script. It does not take HSET as the first write of one.
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, string.format('%.0f', ttl * 1.5))
end
redis.call('HSET', record, 'fence', fence, 'attempt', attempt)
return { ttl, committed, taken, acknowledged, sent, forwarded or '0' }
