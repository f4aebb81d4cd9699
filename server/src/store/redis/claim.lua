-- Claims a session for the node that asks, if it is of this principal and has all that its client knows of.
local inbox, outbox, record = KEYS[1], KEYS[2], KEYS[3]
local fence, received, known_acknowledged = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local principal, ttl, committed, acknowledged, taken, sent =
  unpack(redis.call('HMGET', record, 'principal', 'ttl', 'committed', 'acknowledged', 'taken', 'sent'))
if not principal then
  return redis.status_reply('unknown')
end
if principal ~= ARGV[2] then
  return redis.status_reply('foreign')
end
if received > tonumber(sent) or known_acknowledged > tonumber(taken) then
  return redis.status_reply('lost')
end
redis.call('HSET', record, 'fence', fence)
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, string.format('%.0f', tonumber(ttl) * 1.5))
end
return {
  ttl, committed, acknowledged,
  redis.call('XRANGE', inbox, '-', '+'),
  redis.call('XRANGE', outbox, '-', '+'),
}
