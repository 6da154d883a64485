-- include: append
-- Appends an event that goes with no change of an entry.
-- KEYS, ARGV, returns: scripts.ts
append(KEYS, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return 1
