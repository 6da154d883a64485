local words = { ARGV[1], unpack(KEYS) }
for i = 2, #ARGV do
  words[#words + 1] = ARGV[i]
end
return redis.call(unpack(words))
