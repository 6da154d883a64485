-- include: names
-- Reads what a heartbeat needs of one entry, without what is kept of it in hashes: each command in a script is billed.
-- KEYS, ARGV, returns: scripts.ts
local document = redis.call("GET", KEYS[1])
local fence = document and fence_of(document)
return { document, fence and redis.call("GET", ARGV[1] .. fence) or false }
