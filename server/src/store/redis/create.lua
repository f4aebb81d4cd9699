-- Keeps a fresh session. A repeated request changes nothing.
local record = KEYS[3]
local fence, principal, ttl, format = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if redis.call('HSETNX', record, 'fence', fence) == 1 then
  redis.call(
    'HSET', record, 'format', format, 'principal', principal, 'ttl', ttl,
    'taken', 0, 'committed', 0, 'sent', 0, 'acknowledged', 0, 'attempt', 0
  )
  redis.call('PEXPIRE', record, string.format('%.0f', ttl * 1.5))
end
return 1
