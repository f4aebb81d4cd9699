-- Keeps a fresh session. A repeated request changes nothing.
local record = KEYS[3]
local principal, ttl = ARGV[1], tonumber(ARGV[2])
if redis.call('HSETNX', record, 'fence', 1) == 1 then
  redis.call('HSET', record, 'principal', principal, 'ttl', ttl, 'taken', 0, 'committed', 0, 'sent', 0, 'acknowledged', 0)
  redis.call('PEXPIRE', record, string.format('%.0f', ttl * 1.5))
end
return 1
