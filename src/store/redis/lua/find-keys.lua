local found = redis.call("HMGET", KEYS[1], unpack(ARGV, 2))
for i, key in ipairs(found) do
  local id = ARGV[i + 1]
  if key and tonumber(redis.call("HGET", KEYS[2], id) or -1) < tonumber(ARGV[1]) then
    redis.pcall("HSET", KEYS[2], id, ARGV[1])
  end
end
return found
