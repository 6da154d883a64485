-- include: keyring
if version(KEYS[1]) ~= ARGV[1] then
  return 0
end
local rest = 3 + 2 * ARGV[2]
for i = 3, rest - 1, 2 do
  redis.call("HSET", KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = rest, #ARGV do
  redis.call("HDEL", KEYS[1], ARGV[i])
  redis.call("HDEL", KEYS[2], ARGV[i])
end
return 1
