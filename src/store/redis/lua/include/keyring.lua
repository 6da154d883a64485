local function version(name)
  local all = redis.call("HVALS", name)
  table.sort(all)
  return redis.sha1hex(table.concat(all)), all
end

