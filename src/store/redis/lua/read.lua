-- include: names entry
-- Reads one entry whole.
--
-- KEYS[1] document   KEYS[2] directives   KEYS[3] ledger   KEYS[4] ended
-- ARGV[1] prefix of the entry's lease keys   ARGV[2] the entry's field in both hashes
-- Returns {document, lease, directive, ledger, version, ended}, see entry.lua
return read_entry(KEYS[1], KEYS[4], ARGV[1], KEYS[2], KEYS[3], ARGV[2])
