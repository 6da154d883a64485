-- include: keyring
local now, all = version(KEYS[1])
return { now, all, redis.call("HGETALL", KEYS[2]) }
