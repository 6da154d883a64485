-- include: names fetch
local exhaustive, size = tonumber(ARGV[5]), tonumber(ARGV[6])
local indexes = { unpack(KEYS, 3) }
local smallest, members_of_smallest = smallest_index(3)

local skip, skipped = {}, 0
for i = 11, #ARGV do
  skip[ARGV[i]] = true
  skipped = skipped + 1
end

local chosen, firsts = {}, tonumber(ARGV[8])
if firsts > 0 then
  local documents = {}
  for i = 1, firsts do
    documents[i] = ARGV[1] .. ARGV[10 + i]
  end
  for i, document in ipairs(redis.call("MGET", unpack(documents))) do
    local fence = document and fence_of(document)
    if fence then
      chosen[#chosen + 1] = ARGV[10 + i] .. "\31" .. fence
    end
  end
  chosen = in_all_indexes(chosen, 3, 0)
  firsts = #chosen
end
local wanted = size + skipped

local total = members_of_smallest
if #indexes > 1 and (exhaustive > 0 or size > 0) then
  local counted = { #indexes, unpack(indexes) }
  counted[#counted + 1] = "LIMIT"
  counted[#counted + 1] = math.max(exhaustive, wanted) + 1
  total = redis.call("ZINTERCARD", unpack(counted))
end
if total <= exhaustive then
  size = total
end

local members
if size == 0 then
  members = {}
elseif total <= math.max(exhaustive, wanted) then
  members = redis.call("ZINTER", #indexes, unpack(indexes))
else
  for _, count in ipairs(#indexes == 1 and { wanted } or { 2 * wanted, math.max(2000, 8 * wanted) }) do
    members = in_all_indexes(redis.call("ZRANDMEMBER", KEYS[smallest], count), 3, smallest)
    if #members >= wanted then
      break
    end
  end
  if #members < wanted then
    members = redis.call("ZINTER", #indexes, unpack(indexes))
  end
end
if total > exhaustive then
  total = members_of_smallest
end

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
local statuses, read, live, lapsed = ARGV[9], firsts, 0, 0
if statuses == "" then
  for i = 1, take do
    chosen[#chosen + 1] = drawn[i]
  end
else
  local looked, most = 0, firsts + ARGV[10]
  while looked < take and #chosen < most do
    local keys = {}
    for i = 1, math.min(100, take - looked) do
      local id, fence = parse_member(drawn[looked + i])
      keys[i] = ARGV[2] .. (id or "") .. ":" .. (fence or "")
    end
    for i, lease in ipairs(redis.call("MGET", unpack(keys))) do
      local status = lease and string.match(lease, '^{"status":"([%a_]+)"')
      if lease and not (status and not string.find(statuses, "," .. status .. ",", 1, true)) then
        chosen[#chosen + 1] = drawn[looked + i]
        if #chosen == most then
          break
        end
      elseif lease then
        live = live + 1
      else
        lapsed = lapsed + 1
      end
    end
    looked = looked + #keys
  end
  read = #chosen
end

local reply, fetched = fetch(chosen)
for i = fetched + 1, read do
  for _, value in ipairs({ chosen[i], "unread", false, false, false }) do
    reply[#reply + 1] = value
  end
end
table.insert(reply, 1, lapsed)
table.insert(reply, 1, live)
table.insert(reply, 1, total)
return reply
