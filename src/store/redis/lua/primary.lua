-- Runs one command that only reads. A script is carried out where writes are, so its answer is never behind them; a plain
-- read may be answered by any copy.
-- KEYS, ARGV, returns: scripts.ts
local words = { ARGV[1], unpack(KEYS) }
for i = 2, #ARGV do
  words[#words + 1] = ARGV[i]
end
return redis.call(unpack(words))
