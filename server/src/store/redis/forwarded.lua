-- Reads the first messages that were forwarded to a session of this node, as many as take little time: how many came before
-- them, how many are left after them, and a kind and bytes each.
local record = KEYS[3]
local most_messages, most_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local fence, last, done = unpack(redis.call('HMGET', record, 'fence', 'forwards', 'forwarded'))
if fence == 'revoked' then
  return redis.status_reply('revoked')
end
if fence ~= ARGV[1] then
  return redis.status_reply('fenced')
end
last, done = tonumber(last or 0), tonumber(done or 0)

local page, messages, bytes = {}, 0, 0
while done + messages < last and messages < most_messages and bytes < most_bytes do
  messages = messages + 1
  local message = redis.call('HGET', record, 'f' .. string.format('%.0f', done + messages))
  bytes = bytes + #message
  page[2 * messages + 1], page[2 * messages + 2] = string.sub(message, 1, 1), string.sub(message, 2)
end
page[1], page[2] = done, last - done - messages
return page
