-- include: names
local members = redis.call("ZRANGEBYLEX", KEYS[3], ARGV[3], "+", "LIMIT", ARGV[4], ARGV[5])
if #members == 0 then
  return { 0, "", {}, {} }
end
local now, silence_ms = tonumber(ARGV[6]), tonumber(ARGV[7])

local function group_of(lease)
  local status, seen, interval, rest = string.match(
    lease,
    '^{"status":"([%a_]+)","currentLoad":[^,"]+,"lastSeenAt":(%d+),"expiresAt":[^,"]+,"intervalSeconds":(%w+)(.*)}$'
  )
  if not status then
    return nil
  end
  local holder = string.match(rest, '^,"holder":"([^"]+)","ttlSeconds":%d+$')
  if holder then
    return status .. " null " .. holder
  end
  local told = string.match(rest, '^,"nextIntervalSeconds":(%d+)$')
  if rest ~= "" and rest ~= ',"unheard":true' and not told then
    return nil
  end
  local is_silent = interval ~= "null" and status ~= "offline" and now - seen > silence_ms * (told or interval)
  return not is_silent and status .. " " .. interval .. " " or nil
end

local keys, fields = {}, {}
for i, member in ipairs(members) do
  local id, fence = parse_member(member)
  keys[i] = ARGV[1] .. (id or member) .. ":" .. (fence or "")
  fields[i] = ARGV[2] .. (id or member)
end
local leases = redis.call("MGET", unpack(keys))
local function read(hash)
  return redis.call("EXISTS", hash) == 1 and redis.call("HMGET", hash, unpack(fields)) or {}
end
local marks, directives = read(KEYS[1]), read(KEYS[2])

local counts, others = {}, {}
for i, member in ipairs(members) do
  local lease, mark, directive = leases[i], marks[i] or false, directives[i] or false
  local group = lease and not mark and not directive and group_of(lease)
  if group then
    counts[group] = (counts[group] or 0) + 1
  else
    others[#others + 1] = member
    others[#others + 1] = lease
    others[#others + 1] = mark
    others[#others + 1] = directive
  end
end
local heard = {}
for group, count in pairs(counts) do
  heard[#heard + 1] = group
  heard[#heard + 1] = count
end
return { #members, members[#members], heard, others }
