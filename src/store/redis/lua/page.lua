-- include: names fetch
-- Entries under all terms, in id order, after one id.
--
-- KEYS[1], KEYS[2], ARGV[1..4] see fetch.lua   KEYS[3..] the terms' indexes
-- ARGV[5] lexical minimum   ARGV[6] how many members of the smallest index to examine (more, to end with a whole id)
-- ARGV[7] how many bytes of documents end the page; absent: as many as fetch.lua takes
-- Returns {last member examined or "" at the end, ...}, see fetch.lua
local limit = tonumber(ARGV[6])
local smallest = smallest_index(3)
local examined = redis.call("ZRANGEBYLEX", KEYS[smallest], ARGV[5], "+", "LIMIT", 0, limit)
if #examined == limit then
  -- The next page begins after the last id: all of its members belong to this page, or a stale one could hide the current.
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
