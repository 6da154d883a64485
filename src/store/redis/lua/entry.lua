-- Shared by read.lua and commit.lua.
--
-- Returns {document, lease, directive, ledger, version}: everything that is kept under one id, each false when absent.
-- The lease's key carries the fence, which stands first in the document, so nothing is parsed as JSON here.
-- version is what a later commit compares: equal only while none of the four has changed. It begins with the document's
-- digest.
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
