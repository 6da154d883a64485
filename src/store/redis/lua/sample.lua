-- Entries under all terms: every one when they are few, else that many at random.
--
-- KEYS[1] directives   KEYS[2..] the terms' indexes
-- ARGV[1] document prefix   ARGV[2] lease prefix   ARGV[3] prefix of the fields in directives
-- ARGV[4] up to how many are all taken   ARGV[5] how many to take beyond that   ARGV[6] random seed, an integer
-- ARGV[7..] ids to leave out
-- Returns {total, member, document, lease, directive, ...}; beyond ARGV[4], total is the smallest index's size
local exhaustive, size = tonumber(ARGV[4]), tonumber(ARGV[5])
local indexes = { unpack(KEYS, 2) }
local smallest, members_of_smallest = smallest_index(2)

local skip, skipped = {}, 0
for i = 7, #ARGV do
  skip[ARGV[i]] = true
  skipped = skipped + 1
end
local wanted = size + skipped

local total
if #indexes == 1 then
  total = members_of_smallest
else
  local counted = { #indexes, unpack(indexes) }
  counted[#counted + 1] = "LIMIT"
  counted[#counted + 1] = math.max(exhaustive + 1, wanted)
  total = redis.call("ZINTERCARD", unpack(counted))
end

local members
if total <= exhaustive then
  members = redis.call("ZINTER", #indexes, unpack(indexes))
  size = total
else
  -- Draw from the smallest index and keep what the others have too; where that is too little, the intersection is a small
  -- part of it, and is cheap to list.
  members = redis.call("ZRANDMEMBER", KEYS[smallest], #indexes == 1 and wanted or math.max(2000, 2 * wanted))
  members = in_all_indexes(members, 2, smallest)
  if #members < math.min(wanted, total) then
    members = redis.call("ZINTER", #indexes, unpack(indexes))
  end
  if #indexes > 1 then
    total = members_of_smallest
  end
end

-- Shuffled, because what ZRANDMEMBER returns is a random set but need not be in random order.
local drawn = {}
for _, member in ipairs(members) do
  if skipped == 0 or not skip[string.match(member, "^(.-)\31")] then
    drawn[#drawn + 1] = member
  end
end
math.randomseed(tonumber(ARGV[6]))
local take = math.min(size, #drawn)
for i = 1, take do
  local j = math.random(i, #drawn)
  drawn[i], drawn[j] = drawn[j], drawn[i]
end
for i = #drawn, take + 1, -1 do
  drawn[i] = nil
end

local reply = fetch(drawn, ARGV[1], ARGV[2], KEYS[1], ARGV[3])
table.insert(reply, 1, total)
return reply
