-- include: names entry usage unname append
local entry = read_entry(KEYS[1], KEYS[7], ARGV[1], KEYS[2], KEYS[3], ARGV[2])
if entry[5] ~= ARGV[3] then
  return entry
end

local steps, news, usage, revision = cjson.decode(ARGV[4]), {}, {}, nil
if ARGV[9] ~= "" then
  local counts, terms_most, owner, owner_terms_most = unpack(cjson.decode(ARGV[9]))
  news = new_terms(KEYS[6], steps)
  if #news > 0 then
    local terms = terms_most >= 0 and redis.call("ZCARD", KEYS[6])
    if terms and terms + #news > terms_most then
      return { "terms:", terms }
    end
    if owner ~= "" then
      counts[#counts + 1] = { "terms:" .. owner, #news, owner_terms_most }
    end
  end
  if ARGV[5] ~= "" then
    counts[#counts + 1] = { "revision", 1, -1 }
  end
  local refused
  refused, usage = count(KEYS[10], counts)
  if refused then
    return refused
  end
  revision = ARGV[5] ~= "" and usage[#usage]
  for i = 1, owner == "" and 0 or #news do
    usage[#usage + 1] = "of " .. news[i]
    usage[#usage + 1] = owner
  end
end

for _, step in ipairs(steps) do
  local key = KEYS[step[2]]
  if step[1] == "UNNAME" then
    unname(KEYS[6], KEYS[10], key, step[3])
  elseif step[1] ~= "NAME" then
    step[2] = key
    redis.call(unpack(step))
  end
end
for i = #news, 1, -1 do
  table.insert(news, i, 0)
end
if #news > 0 then
  redis.call("ZADD", KEYS[6], unpack(news))
end
if #usage > 0 then
  redis.call("HSET", KEYS[10], unpack(usage))
end

if ARGV[5] ~= "" then
  append({ KEYS[10], KEYS[5], KEYS[8], KEYS[9], KEYS[4] }, ARGV[5], ARGV[7], ARGV[6], ARGV[8], ARGV[10], revision)
end
return 1
