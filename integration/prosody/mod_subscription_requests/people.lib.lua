-- The second part of the protocol, for entities that are granted it: who the users are, what everybody may read of
-- them, and who is available to whom (PROTOCOL.md sections 4.10 to 4.13, rules S82 to S101). This file has what is on
-- the wire.

local st = require "util.stanza";
local jid = require "util.jid";

local xml_escape = st.xml_escape;

local max_users = 50; -- in one IQ

local xmlns_pubsub = "http://jabber.org/protocol/pubsub";
local vcard4_node = "urn:xmpp:vcard4";

-- Calls `note` with whoever sets a vCard, before the module that carries it out.
local function watch_vcards(note)
	-- `changes`: whether it is about a vCard.
	local function watch(payload, changes)
		module:hook("iq/bare/" .. payload, function (event)
			local query = event.stanza.tags[1];
			if event.to_self and event.origin.username and event.stanza.attr.type == "set" and (not changes or changes(query)) then
				note(event.origin.username);
			end
		end, 10);
	end

	-- Its items, or who may read them.
	local function is_about_vcard4(query)
		for _, action in ipairs(query.tags) do
			if action.attr.node == vcard4_node then return true; end
		end
	end

	watch("vcard-temp:vCard");
	watch("urn:ietf:params:xml:ns:vcard-4.0:vcard");
	watch(xmlns_pubsub .. ":pubsub", is_about_vcard4);
	watch(xmlns_pubsub .. "#owner:pubsub", is_about_vcard4);
end

-- `connector`: what the main file gives to its parts.
return function (connector)
	local grant, pause = connector.people_grant, connector.pause;
	local xmlns = grant.namespace;
	local availability = module:require "availability";
	local queries = module:require "queries" (connector);

	local function people_xml(content) return ("<people xmlns='%s'>%s</people>"):format(xmlns, content); end

	local on_list = queries.on_list(people_xml, module:require "person");
	local function on_people(event)
		if not connector.is_allowed(event, grant) then return connector.refuse(event, "auth", "forbidden"); end
		return on_list(event);
	end

	local function on_availability(event)
		if not connector.is_allowed(event, grant) then return connector.refuse(event, "auth", "forbidden"); end
		local query = event.stanza.tags[1];
		local viewer, usernames = jid.prep(query.attr.to), queries.usernames_in(query, "user", max_users);
		if not viewer or not usernames then return connector.refuse(event, "modify", "bad-request"); end
		return queries.reply(event, function ()
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

	watch_vcards(module:require "changes" (connector, grant));
	module:add_feature(xmlns);
	module:hook("iq-get/host/" .. xmlns .. ":people", on_people);
	module:hook("iq-get/host/" .. xmlns .. ":availability", on_availability);
end
