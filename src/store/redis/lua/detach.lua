local lease = redis.call("GET", KEYS[1])
if not lease or not string.find(lease, ARGV[1], 1, true) then
  return 0
end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1
