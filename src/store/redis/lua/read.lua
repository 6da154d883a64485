-- include: names entry
return read_entry(KEYS[1], KEYS[4], ARGV[1], KEYS[2], KEYS[3], ARGV[2])
