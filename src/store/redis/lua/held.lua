-- include: names
local document = redis.call("GET", KEYS[1])
local fence = document and fence_of(document)
return { document, fence and redis.call("GET", ARGV[1] .. fence) or false }
