-- The second part of the protocol, for entities that are granted it: who the users are, what everybody may read of
-- them, and who is available to whom (PROTOCOL.md sections 4.10 to 4.13, rules S82 to S101). This file has what is on
-- the wire.

local st = require "util.stanza";
local jid = require "util.jid";

local xml_escape = st.xml_escape;
local xmlns_rsm = "http://jabber.org/protocol/rsm";

local max_persons, max_users = 100, 50; -- in one IQ

local error_types = {
	["bad-request"] = "modify", ["item-not-found"] = "cancel", ["feature-not-implemented"] = "cancel",
	["internal-server-error"] = "wait",
};

-- The accounts that the children of this name are about, each once and in their order. Nil: one is no address of an
-- account of this host, or there are none, or too many.
local function usernames_in(query, name, max)
	local usernames, has, count = {}, {}, 0;
	for child in query:childtags(name) do
		local username, user_host, resource = jid.prepped_split(child.attr.jid);
		count = count + 1;
		if not username or user_host ~= module.host or resource or count > max then return nil; end
		if not has[username] then usernames[#usernames + 1], has[username] = username, true; end
	end
	return usernames[1] and usernames;
end

-- `connector`: what the main file gives to its parts.
return function (connector)
	local xmlns, pause = connector.people_grant.namespace, connector.pause;
	local person_xml = module:require "person";
	local availability = module:require "availability";
	local readings = module:require "readings" (connector);
	module:require "changes" (connector);

	-- Replies to the IQ with what `work` returns, which may wait: a payload, or nil and the condition of an error.
	local function reply(event, work)
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

	local function people_xml(content) return ("<people xmlns='%s'>%s</people>"):format(xmlns, content); end

	-- A page of the list (XEP-0059).
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
		if max == 0 then return people_xml(("<set xmlns='%s'/>"):format(xmlns_rsm)); end
		if not reading then reading, position = readings.begin(owner), 0; end
		local persons, first, last = readings.page(reading, position, math.min(max or max_persons, max_persons));
		local place = first and ("<first>%s</first><last>%s</last>"):format(readings.id(reading, first), readings.id(reading, last));
		return people_xml(("%s<set xmlns='%s'>%s<count>%d</count></set>"):format(persons, xmlns_rsm, place or "", #reading.addresses));
	end

	local function persons_again(usernames)
		local found = connector.find_accounts(usernames);
		if not found then return nil, "internal-server-error"; end
		local persons = {};
		for _, username in ipairs(usernames) do
			pause();
			if found[username] then persons[#persons + 1] = person_xml(username); end
		end
		return people_xml(table.concat(persons));
	end

	local function on_people(event)
		if not connector.is_allowed(event, connector.people_grant) then return connector.refuse(event, "auth", "forbidden"); end
		local query, from = event.stanza.tags[1], event.stanza.attr.from;
		if not query:get_child("person") then
			return reply(event, function () return page(from, query:get_child("set", xmlns_rsm)); end);
		end
		local usernames = usernames_in(query, "person", max_persons);
		if not usernames then return connector.refuse(event, "modify", "bad-request"); end
		return reply(event, function () return persons_again(usernames); end);
	end

	local function on_availability(event)
		if not connector.is_allowed(event, connector.people_grant) then return connector.refuse(event, "auth", "forbidden"); end
		local query = event.stanza.tags[1];
		local viewer, usernames = jid.prep(query.attr.to), usernames_in(query, "user", max_users);
		if not viewer or not usernames then return connector.refuse(event, "modify", "bad-request"); end
		return reply(event, function ()
			local show_of, users = availability(viewer), {};
			for _, username in ipairs(usernames) do
				pause();
				local show = show_of(username);
				if show then
					users[#users + 1] = ("<user jid='%s' show='%s'/>"):format(xml_escape(username .. "@" .. module.host), show);
				end
			end
			return ("<availability xmlns='%s'>%s</availability>"):format(xmlns, table.concat(users));
		end);
	end

	module:add_feature(xmlns);
	module:hook("iq-get/host/" .. xmlns .. ":people", on_people);
	module:hook("iq-get/host/" .. xmlns .. ":availability", on_availability);
end
