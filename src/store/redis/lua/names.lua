-- Comes before every other script: what is in the names that keys are made of.

-- A document's fence, which stands first in it, so nothing is parsed as JSON; nil where it is no document of ours.
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
