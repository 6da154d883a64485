-- include: names
-- Removes index members that no document matches. Atomic, so nothing changes between the check and the removal.
--
-- KEYS[1] terms   KEYS[2] stamps   KEYS[3] the index of all entries of the kind
-- KEYS[4..] indexes of terms to check against it
-- ARGV[1] document prefix   ARGV[2] number of suspects n   ARGV[3..2+n] suspects, members of KEYS[3]
-- ARGV[3+n..] the terms of KEYS[3..], in their order: the first is the kind itself
-- Returns the number of members removed
local suspects = tonumber(ARGV[2])
local removed = 0

for i = 3, 2 + suspects do
  local id, fence = parse_member(ARGV[i])
  local document = redis.call("GET", ARGV[1] .. id)
  if not document or fence_of(document) ~= fence then
    removed = removed + redis.call("ZREM", KEYS[3], ARGV[i])
  end
  if not document then
    redis.call("HDEL", KEYS[2], ARGV[3 + suspects] .. ":" .. id)
  end
end

for k = 3, #KEYS do
  if k > 3 then
    local orphans = redis.call("ZDIFF", 2, KEYS[k], KEYS[3])
    for from = 1, #orphans, 5000 do
      removed = removed + redis.call("ZREM", KEYS[k], unpack(orphans, from, math.min(from + 4999, #orphans)))
    end
  end
  local term = ARGV[suspects + k]
  local members = redis.call("ZCARD", KEYS[k])
  if members == 0 then
    redis.call("HDEL", KEYS[1], term)
  elseif redis.call("HGET", KEYS[1], term) ~= tostring(members) then
    redis.call("HSET", KEYS[1], term, members)
  end
end
return removed
