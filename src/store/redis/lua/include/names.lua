local function fence_of(document)
  return string.match(document, '^{"fence":"([%w_-]+)"')
end

local function id_of(member)
  return string.match(member, "^(.-)\31")
end

local function parse_member(member)
  return string.match(member, "^(.-)\31(.*)$")
end
