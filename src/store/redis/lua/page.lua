-- Entries under all terms, in id order, after one id.
--
-- KEYS[1] directives   KEYS[2..] the terms' indexes
-- ARGV[1] document prefix   ARGV[2] lease prefix   ARGV[3] prefix of the fields in directives
-- ARGV[4] lexical minimum   ARGV[5] how many members of the smallest index to examine (more, to end with a whole id)
-- Returns {last member examined or "" at the end, member, document, lease, directive, ...}
local limit = tonumber(ARGV[5])
local smallest = smallest_index(2)
local examined = redis.call("ZRANGEBYLEX", KEYS[smallest], ARGV[4], "+", "LIMIT", 0, limit)
if #examined == limit then
  -- A stale member of the last id may hide the true one, and the next page begins after the id.
  local last_id = string.match(examined[limit], "^(.-)\31")
  local more = redis.call("ZRANGEBYLEX", KEYS[smallest], "(" .. examined[limit], "(" .. last_id .. " ")
  for _, member in ipairs(more) do
    examined[#examined + 1] = member
  end
end
local members = in_all_indexes(examined, 2, smallest)
local reply, fetched = fetch(members, ARGV[1], ARGV[2], KEYS[1], ARGV[3])

local last = ""
if fetched < #members then
  last = members[fetched]
elseif #examined >= limit then
  last = examined[#examined]
end
table.insert(reply, 1, last)
return reply
