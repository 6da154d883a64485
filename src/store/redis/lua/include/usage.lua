local function new_terms(names, steps)
  local news = {}
  for _, step in ipairs(steps) do
    if step[1] == "NAME" then
      for i, score in ipairs(redis.call("ZMSCORE", names, unpack(step, 3))) do
        if not score then
          news[#news + 1] = step[2 + i]
        end
      end
    end
  end
  return news
end

local function count(usage, counts)
  local fields, values = {}, {}
  for i, each in ipairs(counts) do
    fields[i] = each[1]
  end
  for i, before in ipairs(#fields > 0 and redis.call("HMGET", usage, unpack(fields)) or {}) do
    local field, by, most = unpack(counts[i])
    local is = tonumber(before) or 0
    if most >= 0 and by > 0 and is + by > most then
      return { field, is }
    end
    values[2 * i - 1] = field
    values[2 * i] = string.format("%d", math.max(0, is + by))
  end
  return nil, values
end
