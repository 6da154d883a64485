local function unname(names, usage, index, term)
  if redis.call("EXISTS", index) == 1 or redis.call("ZREM", names, term) == 0 then
    return
  end
  local owner = redis.call("HGET", usage, "of " .. term)
  if owner then
    redis.call("HDEL", usage, "of " .. term)
    redis.call("HINCRBY", usage, "terms:" .. owner, -1)
  end
end
