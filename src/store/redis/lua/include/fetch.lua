local reply_bytes_max = 1500000
local form = ARGV[4]

local function fetch(members, bytes_max)
  local reply, reply_bytes, fetched = {}, 0, 0
  local at_a_time = bytes_max and 10 or 100
  bytes_max = math.min(bytes_max or reply_bytes_max, reply_bytes_max)
  local any_directive = redis.call("EXISTS", KEYS[1]) == 1
  while fetched < #members and reply_bytes < bytes_max do
    local to = math.min(fetched + at_a_time, #members)
    while to < #members and id_of(members[to + 1]) == id_of(members[to]) do
      to = to + 1
    end
    local count, keys, documents, fields = to - fetched, {}, {}, {}
    for i = 1, count do
      local member = members[fetched + i]
      local id, fence = parse_member(member)
      keys[i] = ARGV[2] .. (id or member) .. ":" .. (fence or "")
      documents[i] = ARGV[1] .. (id or member)
      fields[i] = ARGV[3] .. (id or member)
    end
    local stamps = form ~= "documents" and redis.call("HMGET", KEYS[2], unpack(fields)) or {}
    local stamps_suffice = form == "stamps" and redis.call("EXISTS", unpack(documents)) == count
    for i = 1, count do
      stamps_suffice = stamps_suffice and stamps[i]
      keys[count + i] = documents[i]
    end
    local values = redis.call("MGET", unpack(keys, 1, stamps_suffice and count or 2 * count))
    local directives = any_directive and redis.call("HMGET", KEYS[1], unpack(fields)) or {}
    for i = 1, count do
      if reply_bytes >= bytes_max and (i == 1 or id_of(members[fetched + 1]) ~= id_of(members[fetched])) then
        return reply, fetched
      end
      local document = values[count + i]
      fetched = fetched + 1
      reply[#reply + 1] = members[fetched]
      reply[#reply + 1] = (stamps_suffice or document) and stamps[i] or false
      reply[#reply + 1] = document or false
      reply[#reply + 1] = values[i]
      reply[#reply + 1] = directives[i] or false
      reply_bytes = reply_bytes + (document and #document or 0)
    end
    at_a_time = math.min(100, math.ceil((bytes_max - reply_bytes) * fetched / math.max(1, reply_bytes)))
  end
  return reply, fetched
end

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
