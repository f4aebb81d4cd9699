-- Reads the first messages that were forwarded to a session of this node, as many as take little time: how many came before
-- them, how many there are, and a kind and bytes each.
local record, forwarded = KEYS[3], KEYS[4]
local most_messages, most_bytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local fence, done = unpack(redis.call('HMGET', record, 'fence', 'forwarded'))
if fence == 'revoked' then
  return redis.status_reply('revoked')
end
if fence ~= ARGV[1] then
  return redis.status_reply('fenced')
end

local page, after, messages, bytes, from = {}, tonumber(done or 0), 0, 0, '-'
while messages < most_messages and bytes < most_bytes do
  -- Few at a time: how large they are is known when they have been read.
  local entries = redis.call('XRANGE', forwarded, from, '+', 'COUNT', 4)
  if #entries == 0 then
    break
  end
  for _, entry in ipairs(entries) do
    local number = tonumber(string.match(entry[1], '^%d+'))
    if messages == 0 then
      -- Redis may have evicted what came before.
      after = number - 1
    end
    messages = messages + 1
    local kind, message = unpack(entry[2])
    bytes = bytes + #message
    page[2 * messages + 1], page[2 * messages + 2] = kind, message
    from = string.format('(%.0f-0', number)
  end
end
page[1], page[2] = after, redis.call('XLEN', forwarded) - messages
return page
