-- Keeps a message for a session, after those that were forwarded to it before, and tells its node.
--
-- Answers 1; -1 if there is no such session, or none of a known format; -2 if as many wait as may.
local record, key = KEYS[3], KEYS[4]
local kind, message, most, remembered, channel, id, known = unpack(ARGV, 2)
local fence, last, done, format = unpack(redis.call('HMGET', record, 'fence', 'forwards', 'forwarded', 'format'))
if not fence or fence == 'revoked' or (format and format ~= known) then
  return -1
end
if redis.call('EXISTS', key) == 1 then
  return 1
end
last, done = tonumber(last or 0), tonumber(done or 0)
if last - done >= tonumber(most) then
  return -2
end
local number = string.format('%.0f', last + 1)
-- A full Redis refuses this, which changes nothing.
redis.call('SET', key, '', 'PX', remembered)
redis.call('HSET', record, 'forwards', number, 'f' .. number, kind .. message)
redis.call('PUBLISH', channel, id)
return 1
