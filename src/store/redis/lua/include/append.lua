local flips_ms, replaced_kept_ms = 5000, 600000

local function append(keys, event, nonce, most, at)
  local first = at
  if at ~= "" then
    local last, since = string.match(redis.call("GET", keys[3]) or "", "^(%S+) (%d+)$")
    if last and math.abs(at - since) < flips_ms then
      first = since
      redis.call("XDEL", keys[2], last)
      redis.call("ZREMRANGEBYSCORE", keys[4], "-inf", at - replaced_kept_ms)
      redis.call("ZADD", keys[4], at, last)
    end
  end
  local revision = redis.call("INCR", keys[1])
  local id = redis.pcall("XADD", keys[2], "MAXLEN", "~", most, revision .. "-" .. nonce, "event", event)
  if type(id) == "table" then
    local newest = redis.call("XREVRANGE", keys[2], "+", "-", "COUNT", 1)[1]
    revision = newest and tonumber(string.match(newest[1], "^%d+")) + 1 or revision
    redis.call("SET", keys[1], revision)
    id = redis.call("XADD", keys[2], revision .. "-" .. nonce, "event", event)
  end
  if at ~= "" then
    redis.call("SET", keys[3], id .. " " .. first, "PX", flips_ms)
  end
end
