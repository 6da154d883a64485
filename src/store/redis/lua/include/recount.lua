-- Writes the size of a term's index into the hash of terms; the set of names has the terms that the hash has.
local function recount(terms, names, index, term)
  local members = redis.call("ZCARD", index)
  if members == 0 then
    redis.call("HDEL", terms, term)
    redis.call("ZREM", names, term)
  elseif redis.call("HSET", terms, term, members) == 1 then
    redis.call("ZADD", names, 0, term)
  end
end
