-- Removes a session, if it is still of the node that asks.
local record = KEYS[3]
if redis.call('HGET', record, 'fence') ~= ARGV[1] then
  return 0
end
redis.call('UNLINK', unpack(KEYS))
return 1
