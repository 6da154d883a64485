-- The parts of documents, members and keys that name an entry.

-- The fence of a document, nil where it is not a document. It comes first in the JSON, so nothing has to be parsed.
local function fence_of(document)
  return string.match(document, '^{"fence":"([%w_-]+)"')
end

-- An index member is "<id>\31<fence>".
local function id_of(member)
  return string.match(member, "^(.-)\31")
end

local function parse_member(member)
  return string.match(member, "^(.-)\31(.*)$")
end
