-- Gives a lease its end back, if the holder holds it still.
--
-- KEYS[1] lease   ARGV[1] the holder, as it stands in the lease   ARGV[2] lease to write   ARGV[3] its PX, ms
-- Returns 1 when written, else 0
local lease = redis.call("GET", KEYS[1])
if not lease or not string.find(lease, ARGV[1], 1, true) then
  return 0
end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1
