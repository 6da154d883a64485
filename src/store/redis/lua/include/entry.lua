-- Returns {document, lease, directive, ledger, version}: everything that is kept under one id, each false when absent.
-- A later commit compares `version`: it is equal only while none of the four has changed. It begins with the document's
-- SHA-1.
local function read_entry(doc_key, lease_prefix, directives_key, ledger_key, field)
  local document = redis.call("GET", doc_key)
  if not document then
    return { false, false, false, false, "" }
  end
  local fence = fence_of(document) or ""
  local lease = redis.call("GET", lease_prefix .. fence)
  local directive = redis.call("HGET", directives_key, field)
  local ledger = redis.call("HGET", ledger_key, field)
  local version = table.concat({ redis.sha1hex(document), lease or "", directive or "", ledger or "" }, "\n")
  return { document, lease, directive, ledger, version }
end
