local flips_ms, replaced_kept_ms, logged_max = 5000, 600000, 200

local function log(key, line, replaced, keep)
  if replaced and string.find(redis.call("LINDEX", key, 0) or "", replaced .. " ", 1, true) == 1 then
    return redis.call("LSET", key, 0, line)
  end
  local length = redis.call("LPUSH", key, line)
  if length >= logged_max + 20 then
    redis.call("LTRIM", key, 0, logged_max - 1)
  end
  if keep == "0" and length > 1 then
    redis.call("PERSIST", key)
  elseif keep ~= "" and keep ~= "0" then
    redis.call("PEXPIRE", key, keep)
  end
end

local function append(keys, event, nonce, most, at, keep, revision)
  local first, replaced = at, nil
  if at ~= "" then
    local last, since = string.match(redis.call("GET", keys[3]) or "", "^(%S+) (%d+)$")
    if last and math.abs(at - since) < flips_ms then
      first, replaced = since, last
      redis.call("XDEL", keys[2], last)
      redis.call("ZREMRANGEBYSCORE", keys[4], "-inf", at - replaced_kept_ms)
      redis.call("ZADD", keys[4], at, last)
    end
  end
  revision = revision or redis.call("HINCRBY", keys[1], "revision", 1)
  local id = redis.pcall("XADD", keys[2], "MAXLEN", "~", most, revision .. "-" .. nonce, "event", event)
  if type(id) == "table" then
    local newest = redis.call("XREVRANGE", keys[2], "+", "-", "COUNT", 1)[1]
    revision = newest and tonumber(string.match(newest[1], "^%d+")) + 1 or revision
    redis.call("HSET", keys[1], "revision", revision)
    id = redis.call("XADD", keys[2], revision .. "-" .. nonce, "event", event)
  end
  if at ~= "" then
    redis.call("SET", keys[3], id .. " " .. first, "PX", flips_ms)
  end
  if keys[5] then
    log(keys[5], id .. " " .. event, replaced, keep)
  end
end
