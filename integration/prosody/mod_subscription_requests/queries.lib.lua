-- What the queries of an entity about accounts have in common, in whichever part of the protocol: replies that may take
-- their time, accounts that are named, and a list of all of them in pages (XEP-0059; S85 to S91).

local jid = require "util.jid";

local xmlns_rsm = "http://jabber.org/protocol/rsm";
local max_persons = 100; -- in one IQ

local error_types = {
	["bad-request"] = "modify", ["item-not-found"] = "cancel", ["feature-not-implemented"] = "cancel",
	["conflict"] = "cancel", ["internal-server-error"] = "wait",
};

-- The account of this host that has this address, or nil.
local function username_of(address)
	local username, user_host, resource = jid.prepped_split(address);
	return user_host == module.host and not resource and username or nil;
end

-- The accounts that the children of this name are about, each once and in their order. Nil: one is no address of an
-- account of this host, or there are none, or too many.
local function usernames_in(query, name, max)
	local usernames, has, count = {}, {}, 0;
	for child in query:childtags(name) do
		local username = username_of(child.attr.jid);
		count = count + 1;
		if not username or count > max then return nil; end
		if not has[username] then usernames[#usernames + 1], has[username] = username, true; end
	end
	return usernames[1] and usernames;
end

return function (connector)
	local queries = { username_of = username_of, usernames_in = usernames_in };

	-- Replies to the IQ with what `work` returns, which may wait: a payload, or nil and the condition of an error.
	function queries.reply(event, work)
		local session, attr = event.origin, event.stanza.attr;
		connector.in_background(function ()
			local ok, payload, condition = pcall(work);
			if not ok then
				module:log("error", "A query about people failed: %s", payload);
				payload, condition = nil, "internal-server-error";
			end
			if session.destroyed then return; end
			if payload then return connector.send_iq(session, "result", attr.id, attr.from, payload); end
			connector.refuse(event, error_types[condition], condition);
		end);
		return true;
	end

	-- Answers the IQ about all accounts, or some again. `element_xml`: makes of the persons the reply's payload;
	-- `person_xml`: may wait, and fails if the person cannot be read.
	function queries.on_list(element_xml, person_xml)
		local readings = module:require "readings" (connector, person_xml);

		local function page(owner, set)
			if set and (set:get_child("before") or set:get_child("index")) or not readings.can_begin() then
				return nil, "feature-not-implemented";
			end
			local max_text, after = set and set:get_child_text("max"), set and set:get_child_text("after");
			local max = max_text and tonumber(max_text:match("^%s*(%d+)%s*$"));
			if max_text and not max then return nil, "bad-request"; end
			local reading, position;
			if after then
				reading, position = readings.find(owner, after);
				if not reading then return nil, "item-not-found"; end
			end
			if max == 0 then return element_xml(("<set xmlns='%s'/>"):format(xmlns_rsm)); end
			if not reading then reading, position = readings.begin(owner), 0; end
			local persons, first, last = readings.page(reading, position, math.min(max or max_persons, max_persons));
			local place = first and ("<first>%s</first><last>%s</last>"):format(readings.id(reading, first), readings.id(reading, last));
			return element_xml(("%s<set xmlns='%s'>%s<count>%d</count></set>"):format(persons, xmlns_rsm, place or "", #reading.addresses));
		end

		local function persons_again(usernames)
			local found = connector.find_accounts(usernames);
			if not found then return nil, "internal-server-error"; end
			local persons = {};
			for _, username in ipairs(usernames) do
				connector.pause();
				if found[username] then persons[#persons + 1] = person_xml(username); end
			end
			return element_xml(table.concat(persons));
		end

		return function (event)
			local query, from = event.stanza.tags[1], event.stanza.attr.from;
			if not query:get_child("person") then
				return queries.reply(event, function () return page(from, query:get_child("set", xmlns_rsm)); end);
			end
			local usernames = usernames_in(query, "person", max_persons);
			if not usernames then return connector.refuse(event, "modify", "bad-request"); end
			return queries.reply(event, function () return persons_again(usernames); end);
		end;
	end

	return queries;
end
