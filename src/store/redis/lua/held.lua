-- include: names
-- Reads what a heartbeat needs of one entry, without what is kept of it in hashes: each command in a script is billed.
--
-- KEYS[1] document   ARGV[1] prefix of the entry's lease keys
-- Returns {document, lease}, each false when absent
local document = redis.call("GET", KEYS[1])
local fence = document and fence_of(document)
return { document, fence and redis.call("GET", ARGV[1] .. fence) or false }
