-- Removes a session of a principal whose sessions are revoked. What is left of it tells its node, until it would have expired.
local inbox, outbox, record, forwarded = unpack(KEYS)
if redis.call('HGET', record, 'principal') == ARGV[2] then
  -- A full Redis takes this, and so all that follows.
  redis.call('UNLINK', inbox, outbox, forwarded)
  redis.call('HSET', record, 'fence', 'revoked')
end
return 1
