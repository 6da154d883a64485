-- Entries under all terms: every one when they are few, else that many at random.
--
-- KEYS[1], KEYS[2], ARGV[1..4] see fetch.lua   KEYS[3..] the terms' indexes
-- ARGV[5] up to how many are all taken   ARGV[6] how many to draw beyond that   ARGV[7] random seed, an integer
-- ARGV[8] number of members n that were drawn before and are to come first   ARGV[9..8+n] those
-- ARGV[9+n..] ids to leave out
-- Returns {total, ...}, see fetch.lua; beyond ARGV[5], total is the smallest index's size
local exhaustive, size = tonumber(ARGV[5]), tonumber(ARGV[6])
local indexes = { unpack(KEYS, 3) }
local smallest, members_of_smallest = smallest_index(3)

local first = { unpack(ARGV, 9, 8 + tonumber(ARGV[8])) }
local skip, skipped = {}, 0
for i = 9 + #first, #ARGV do
  skip[ARGV[i]] = true
  skipped = skipped + 1
end
for _, member in ipairs(first) do
  skip[id_of(member)] = true
  skipped = skipped + 1
end
-- Who left since is not looked for.
first = in_all_indexes(first, 3, 0)
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
elseif size == 0 then
  members = {}
else
  -- Draw from the smallest index and keep what the others have too; where that is too little, the intersection is a small
  -- part of it, and is cheap to list.
  members = redis.call("ZRANDMEMBER", KEYS[smallest], #indexes == 1 and wanted or math.max(2000, 2 * wanted))
  members = in_all_indexes(members, 3, smallest)
  if #members < math.min(wanted, total) then
    members = redis.call("ZINTER", #indexes, unpack(indexes))
  end
end
if total > exhaustive and #indexes > 1 then
  total = members_of_smallest
end

-- Shuffled, because what ZRANDMEMBER returns is a random set but need not be in random order.
local drawn = {}
for _, member in ipairs(members) do
  if skipped == 0 or not skip[id_of(member)] then
    drawn[#drawn + 1] = member
  end
end
math.randomseed(tonumber(ARGV[7]))
local take = math.min(size, #drawn)
for i = 1, take do
  local j = math.random(i, #drawn)
  drawn[i], drawn[j] = drawn[j], drawn[i]
end
for i = 1, take do
  first[#first + 1] = drawn[i]
end

local reply = fetch(first)
table.insert(reply, 1, total)
return reply
