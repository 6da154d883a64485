-- Takes a term's name away where its index has no members left.
local function unname(names, index, term)
  if redis.call("EXISTS", index) == 0 then
    redis.call("ZREM", names, term)
  end
end
