-- Reads messages of a session that this node has claimed: those of a stream after a number, as many as take little time.
local record, stream = KEYS[3], KEYS[tonumber(ARGV[2])]
local after, last = tonumber(ARGV[3]), tonumber(ARGV[4])
local most_messages, most_bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('HGET', record, 'fence') ~= ARGV[1] then
  return redis.status_reply('fenced')
end

local function id(number)
  return string.format('%.0f-0', number)
end

local page, messages, bytes = {}, 0, 0
while after < last and messages < most_messages and bytes < most_bytes do
  -- Few at a time: how large they are is known when they have been read.
  local entries = redis.call('XRANGE', stream, id(after + 1), id(last), 'COUNT', 4)
  if #entries == 0 then
    return redis.status_reply('lost')
  end
  for _, entry in ipairs(entries) do
    after, messages = after + 1, messages + 1
    if entry[1] ~= id(after) then
      return redis.status_reply('lost')
    end
    local kind, message = unpack(entry[2])
    bytes = bytes + #message
    page[2 * messages - 1], page[2 * messages] = kind, message
  end
end
return page
