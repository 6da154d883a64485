-- include: names entry unname append
-- Applies one change to one entry, whole, if the entry is still as it was read.
-- KEYS, ARGV, returns: scripts.ts
local entry = read_entry(KEYS[1], KEYS[7], ARGV[1], KEYS[2], KEYS[3], ARGV[2])
if entry[5] ~= ARGV[3] then
  return entry
end

for _, step in ipairs(cjson.decode(ARGV[4])) do
  local key = KEYS[step[2]]
  if step[1] == "UNNAME" then
    unname(KEYS[6], key, step[3])
  else
    step[2] = key
    redis.call(unpack(step))
  end
end

if ARGV[5] ~= "" then
  append({ KEYS[4], KEYS[5], KEYS[8], KEYS[9] }, ARGV[5], ARGV[7], ARGV[6], ARGV[8])
end
return 1
