-- include: append
-- Appends an event that goes with no change of an entry.
--
-- KEYS[1] revision   KEYS[2] events   KEYS[3], KEYS[4] see append.lua
-- ARGV[1] event as JSON   ARGV[2] its nonce   ARGV[3] how many events to keep
-- ARGV[4] when a change of status was, ms; "" for any other event
append(KEYS, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return 1
