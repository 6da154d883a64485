-- Shared by sample.lua and page.lua.
--
-- Fetches documents, leases and directives of index members ("<id>\31<fence>") in one MGET per 100 of them, until
-- reply_bytes_max is passed: a reply has a size limit of 10 MB, and large documents, escaped, would break it.
-- Members of one id are fetched together, so that whoever goes on after an id misses none of them.
-- Returns {member, document, lease, directive, ...}, flat, each absent value false, and how many members were fetched.
local reply_bytes_max = 1500000

local function id_of(member)
  return string.match(member, "^(.-)\31")
end

local function fetch(members, doc_prefix, lease_prefix, directives_key, field_prefix)
  local reply, reply_bytes, fetched = {}, 0, 0
  while fetched < #members and reply_bytes < reply_bytes_max do
    local to = math.min(fetched + 100, #members)
    while to < #members and id_of(members[to + 1]) == id_of(members[to]) do
      to = to + 1
    end
    local keys, fields = {}, {}
    for i = fetched + 1, to do
      local id, fence = string.match(members[i], "^(.-)\31(.*)$")
      keys[#keys + 1] = doc_prefix .. (id or members[i])
      keys[#keys + 1] = lease_prefix .. (id or members[i]) .. ":" .. (fence or "")
      fields[#fields + 1] = field_prefix .. (id or members[i])
    end
    local values = redis.call("MGET", unpack(keys))
    local directives = redis.call("HMGET", directives_key, unpack(fields))
    for i = 1, #fields do
      if reply_bytes >= reply_bytes_max and (i == 1 or id_of(members[fetched + 1]) ~= id_of(members[fetched])) then
        return reply, fetched
      end
      local document = values[2 * i - 1]
      fetched = fetched + 1
      reply[#reply + 1] = members[fetched]
      reply[#reply + 1] = document
      reply[#reply + 1] = values[2 * i]
      reply[#reply + 1] = directives[i]
      reply_bytes = reply_bytes + (document and #document or 0)
    end
  end
  return reply, fetched
end

-- The position in KEYS, from `first` on, of the index with the fewest members, and their number.
local function smallest_index(first)
  local smallest, members = first, redis.call("ZCARD", KEYS[first])
  for i = first + 1, #KEYS do
    local n = redis.call("ZCARD", KEYS[i])
    if n < members then
      smallest, members = i, n
    end
  end
  return smallest, members
end

-- Those of `members` (of KEYS[except]) that every other index from `first` on has too.
local function in_all_indexes(members, first, except)
  for i = first, #KEYS do
    if i ~= except and #members > 0 then
      local kept, from = {}, 0
      while from < #members do
        local to = math.min(from + 5000, #members)
        local scores = redis.call("ZMSCORE", KEYS[i], unpack(members, from + 1, to))
        for j = 1, to - from do
          if scores[j] then
            kept[#kept + 1] = members[from + j]
          end
        end
        from = to
      end
      members = kept
    end
  end
  return members
end
