-- include: names fetch
local limit = tonumber(ARGV[6])
local smallest = smallest_index(3)
local examined = redis.call("ZRANGEBYLEX", KEYS[smallest], ARGV[5], "+", "LIMIT", 0, limit)
if #examined == limit then
  local last_id = id_of(examined[limit])
  local more = redis.call("ZRANGEBYLEX", KEYS[smallest], "(" .. examined[limit], "(" .. last_id .. " ")
  for _, member in ipairs(more) do
    examined[#examined + 1] = member
  end
end
local members = in_all_indexes(examined, 3, smallest)
local reply, fetched = fetch(members, tonumber(ARGV[7]))

local last = ""
if fetched < #members then
  last = members[fetched]
elseif #examined >= limit then
  last = examined[#examined]
end
table.insert(reply, 1, last)
return reply
