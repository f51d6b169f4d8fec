-- A text that users have written, as it is sent to entities (S93, S110): one line of at most so many bytes.

local is_utf8 = require "util.encodings".utf8.valid;

local field_limit = 256; -- bytes

-- Nil: nothing is left of it.
return function (text)
	if type(text) ~= "string" or not is_utf8(text) then return nil; end
	text = text:gsub("\194[\128-\159]", " "):gsub("\239\191[\190\191]", " "):gsub("[%s%c]+", " "):gsub("^ ", ""):gsub(" $", "");
	if #text > field_limit then
		local last = field_limit;
		while text:find("^[\128-\191]", last + 1) do last = last - 1; end
		text = text:sub(1, last);
	end
	return text ~= "" and text or nil;
end
