local function read_entry(doc_key, ended_key, lease_prefix, directives_key, ledger_key, field)
  local document, ended = unpack(redis.call("MGET", doc_key, ended_key))
  local directive = redis.call("HGET", directives_key, field)
  if not document then
    local version = (ended or directive) and (ended or "") .. "\n" .. (directive or "") or ""
    return { false, false, directive, false, version, ended }
  end
  local fence = fence_of(document) or ""
  local lease = redis.call("GET", lease_prefix .. fence)
  local ledger = redis.call("HGET", ledger_key, field)
  local version = table.concat({ redis.sha1hex(document), lease or "", directive or "", ledger or "" }, "\n")
  return { document, lease, directive, ledger, version, false }
end
