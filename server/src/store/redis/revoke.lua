-- Removes a session of a principal whose sessions are revoked. What is left of it tells its node, until it would have expired.
local inbox, outbox, record = KEYS[1], KEYS[2], KEYS[3]
local format = redis.call('HGET', record, 'format')
if format and format ~= ARGV[3] then
  -- Whatever its format is, it has these keys. Its node finds that it is gone.
  redis.call('UNLINK', inbox, outbox, record)
  return 1
end
if redis.call('HGET', record, 'principal') == ARGV[2] then
  -- A full Redis takes this, and so all that follows.
  redis.call('UNLINK', inbox, outbox)
  local last, done = unpack(redis.call('HMGET', record, 'forwards', 'forwarded'))
  for number = tonumber(done or 0) + 1, tonumber(last or 0) do
    redis.call('HDEL', record, 'f' .. string.format('%.0f', number))
  end
  redis.call('HSET', record, 'fence', 'revoked')
end
return 1
