-- include: keyring append
if version(KEYS[1]) ~= ARGV[1] then
  return 0
end
local rest = 6 + 2 * ARGV[5]
for i = 6, rest - 1, 2 do
  redis.call("HSET", KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = rest, #ARGV do
  redis.call("HDEL", KEYS[1], ARGV[i])
  redis.call("HDEL", KEYS[2], ARGV[i])
end
if ARGV[2] ~= "" then
  append({ KEYS[3], KEYS[4] }, ARGV[2], ARGV[3], ARGV[4], "", "")
end
return 1
