-- Removes a session, if it is still of the node that asks, or what is left of one that was revoked.
local record = KEYS[3]
local fence = redis.call('HGET', record, 'fence')
if fence ~= ARGV[1] and fence ~= 'revoked' then
  return 0
end
redis.call('UNLINK', unpack(KEYS))
return 1
