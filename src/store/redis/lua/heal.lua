-- include: names unname
redis.call("HDEL", KEYS[2], "")
local healed = 0
for i = 5, #ARGV do
  local member = ARGV[i]
  local id, fence = parse_member(member)
  local document = redis.call("GET", ARGV[1] .. (id or member))
  if document and fence_of(document) == fence then
    local missed = redis.call("ZADD", KEYS[3], 0, member)
    if missed == 1 then
      redis.call("ZADD", KEYS[1], 0, ARGV[3])
    end
    healed = healed + missed
  else
    healed = healed + redis.call("ZREM", KEYS[4], member)
    redis.call("DEL", ARGV[2] .. (id or member) .. ":" .. (fence or ""))
  end
  if not document then
    redis.call("HDEL", KEYS[2], ARGV[3] .. ":" .. (id or member))
  end
end
unname(KEYS[1], KEYS[5], KEYS[3], ARGV[3])
unname(KEYS[1], KEYS[5], KEYS[4], ARGV[4])
return healed
