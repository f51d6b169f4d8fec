-- Reads addresses in hexadecimal, one per line, and writes the bare address that Prosody prepares from each, in
-- hexadecimal, or "-" if it refuses.
package.path = "/usr/lib/prosody/?.lua;" .. package.path
package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath
-- Prosody 13 calls its own modules prosody.util...; this makes both names good.
pcall(require, "loader")

local prepped_split = require "util.jid".prepped_split

local function from_hex(text)
	return (text:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

local function to_hex(text)
	return (text:gsub(".", function(byte) return string.format("%02x", byte:byte()) end))
end

for line in io.lines() do
	local node, host = prepped_split(from_hex(line))
	print(node and host and to_hex(node .. "@" .. host) or "-")
end
