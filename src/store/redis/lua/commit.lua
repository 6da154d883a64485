-- include: names entry unname append
-- Applies one change to one entry, whole, if the entry is still as it was read.
--
-- KEYS[1] document   KEYS[2] directives   KEYS[3] ledger   KEYS[4] revision   KEYS[5] events
-- KEYS[6] names of terms   KEYS[7] ended   KEYS[8], KEYS[9] see append.lua   KEYS[10..] the plan's keys
-- ARGV[1] prefix of the entry's lease keys   ARGV[2] the entry's field in both hashes   ARGV[3] version that was read
-- ARGV[4] plan: JSON list of [command, position in KEYS, argument...]. One command is not Redis's:
--         ["UNNAME", position of a term's index, term] takes its name from KEYS[6] if the index is empty
-- ARGV[5] event as JSON, "" for none   ARGV[6] how many events to keep   ARGV[7] the event's nonce
-- ARGV[8] when a change of status was, ms; "" for any other event
-- Returns 1 when applied, else the entry as it is: {document, lease, directive, ledger, version, ended}
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
