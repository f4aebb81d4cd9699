-- Claims a session for the node that asks, if it is of this principal.
local inbox, outbox, record = KEYS[1], KEYS[2], KEYS[3]
local principal, ttl, committed, acknowledged =
  unpack(redis.call('HMGET', record, 'principal', 'ttl', 'committed', 'acknowledged'))
if not principal then
  return redis.status_reply('unknown')
end
if principal ~= ARGV[1] then
  return redis.status_reply('foreign')
end
local fence = redis.call('HINCRBY', record, 'fence', 1)
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, string.format('%.0f', tonumber(ttl) * 1.5))
end
return {
  fence, ttl, committed, acknowledged,
  redis.call('XRANGE', inbox, '-', '+'),
  redis.call('XRANGE', outbox, '-', '+'),
}
