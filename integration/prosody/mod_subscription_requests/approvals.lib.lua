-- The third part of the protocol, for entities that are granted it: which approvals are in force, and revoking them
-- (PROTOCOL.md sections 4.14 to 4.16, rules S106 to S115).

local st = require "util.stanza";
local jid = require "util.jid";
local sha256 = require "util.hashes".sha256;
local rostermanager = require "core.rostermanager";

local clean = module:require "field";

local core_post_stanza = prosody.core_post_stanza;
local xml_escape = st.xml_escape;
local host = module.host;
local host_session = prosody.hosts[host];

local max_pairs = 100; -- in one IQ
local max_groups = 8; -- of one item that are sent

-- What the children are about, in their order. Nil: one is about somebody else, or there are none, or too many.
local function pairs_in(query, needs_mark)
	local pairs_asked = {};
	for child in query:childtags("approval") do
		local username, user_host, user_resource = jid.prepped_split(child.attr.user);
		local contact = jid.prep(child.attr.contact);
		local mark = child.attr.mark;
		if not username or user_host ~= host or user_resource or not contact or jid.resource(contact) or needs_mark and not mark
			or #pairs_asked == max_pairs then
			return nil;
		end
		pairs_asked[#pairs_asked + 1] = { username = username, contact = contact, mark = mark };
	end
	return pairs_asked[1] and pairs_asked;
end

local function roster_of(username)
	local roster = rostermanager.load_roster(username, host);
	if roster[false].broken then error(roster[false].broken, 0); end
	return roster;
end

-- An item of the user's own; what a group has put into the roster is no approval.
local function is_in_force(item)
	return type(item) == "table" and (item.subscription == "from" or item.subscription == "both") and item.persist ~= false;
end

local function is_asking(item) return item.ask == "subscribe"; end

-- As they are stored, in the order of their bytes.
local function groups_in(item)
	local groups = {};
	for group in pairs(type(item.groups) == "table" and item.groups or {}) do
		if type(group) == "string" then groups[#groups + 1] = group; end
	end
	table.sort(groups);
	return groups;
end

-- A digest of all that is told of the item, before anything is cut. Lengths keep one text from running into the next.
local function mark_of(item)
	local parts = { item.subscription, is_asking(item) and "subscribe" or "", type(item.name) == "string" and item.name or "" };
	for _, group in ipairs(groups_in(item)) do parts[#parts + 1] = group; end
	for i, part in ipairs(parts) do parts[i] = #part .. ":" .. part; end
	return sha256(table.concat(parts), true);
end

-- `connector`: what the main file gives to its parts.
return function (connector)
	local xmlns, pause = connector.approvals_grant.namespace, connector.pause;

	local function pair_xml(pair)
		return ("<approval user='%s' contact='%s'"):format(xml_escape(pair.username .. "@" .. host), xml_escape(pair.contact));
	end

	local function approval_xml(pair, item)
		local name, groups = clean(item.name), {};
		for _, group in ipairs(groups_in(item)) do
			group = clean(group);
			if group and #groups < max_groups then groups[#groups + 1] = ("<group>%s</group>"):format(xml_escape(group)); end
		end
		return ("%s subscription='%s'%s%s mark='%s'>%s</approval>"):format(pair_xml(pair), item.subscription,
			is_asking(item) and " ask='subscribe'" or "", name and (" name='%s'"):format(xml_escape(name)) or "",
			mark_of(item), table.concat(groups));
	end

	local function approvals_xml(pairs_asked)
		local xml = {};
		for _, pair in ipairs(pairs_asked) do
			pause();
			local item = roster_of(pair.username)[pair.contact];
			if is_in_force(item) then xml[#xml + 1] = approval_xml(pair, item); end
		end
		return ("<approvals xmlns='%s'>%s</approvals>"):format(xmlns, table.concat(xml));
	end

	local revocation; -- on its way: { stanza, pair, outcome }

	-- To the contact, of those resources that have told it that they are available.
	local function send_unavailable(username, contact)
		local user = host_session.sessions[username];
		for _, session in pairs(user and user.sessions or {}) do
			if session.presence then
				core_post_stanza(session, st.presence({ type = "unavailable", from = session.full_jid, to = contact }), true);
			end
		end
	end

	-- The last step before mod_presence does the same, which would not tell whether the change has been stored. Nothing comes
	-- between the look at the item and its change.
	local function apply(pair)
		local username, contact = pair.username, pair.contact;
		local roster = roster_of(username);
		local item, pending = roster[contact], roster[false].pending;
		if not is_in_force(item) or mark_of(item) ~= pair.mark then
			revocation.outcome = "changed";
			return;
		end
		local subscription, request = item.subscription, pending[contact];
		if not rostermanager.unsubscribed(username, host, contact) then
			item.subscription, pending[contact] = subscription, request;
			return;
		end
		revocation.outcome = "revoked";
		rostermanager.roster_push(username, host, contact);
		core_post_stanza(host_session, revocation.stanza);
		send_unavailable(username, contact);
	end

	-- Above mod_presence (0), below what may object.
	local function on_outgoing(event)
		if not revocation or event.stanza ~= revocation.stanza then return; end
		apply(revocation.pair);
		return true;
	end

	-- Cancels as the user, by the server's own code for the user's own stanzas.
	local function revoke(pair)
		local stanza = st.presence({ type = "unsubscribed", from = pair.username .. "@" .. host, to = pair.contact });
		revocation = { stanza = stanza, pair = pair, outcome = "failed" };
		local ok, fault = pcall(function ()
			core_post_stanza(connector.origin_for(pair.username, roster_of(pair.username)), stanza, true);
		end);
		local outcome = revocation.outcome;
		revocation = nil;
		if not ok then module:log("error", "An approval of %s could not be revoked: %s", pair.username, fault); end
		return outcome;
	end

	local function revoke_xml(pairs_asked)
		local xml = {};
		for i, pair in ipairs(pairs_asked) do
			pause();
			xml[i] = ("%s result='%s'/>"):format(pair_xml(pair), revoke(pair));
		end
		return ("<revoke xmlns='%s'>%s</revoke>"):format(xmlns, table.concat(xml));
	end

	-- Refuses the IQ, or replies with what `make_xml` makes of the pairs in it.
	local function answer(event, grant, make_xml)
		local session, attr = event.origin, event.stanza.attr;
		if not connector.is_allowed(event, grant) then return connector.refuse(event, "auth", "forbidden"); end
		local pairs_asked = pairs_in(event.stanza.tags[1], attr.type == "set");
		if not pairs_asked then return connector.refuse(event, "modify", "bad-request"); end
		connector.in_background(function ()
			local ok, xml = pcall(make_xml, pairs_asked);
			if not ok then module:log("error", "A query about approvals failed: %s", xml); end
			if session.destroyed then return; end
			if ok then return connector.send_iq(session, "result", attr.id, attr.from, xml); end
			connector.refuse(event, "wait", "internal-server-error");
		end);
		return true;
	end

	module:add_feature(xmlns);
	for _, form in ipairs { "bare", "full", "host" } do module:hook("pre-presence/" .. form, on_outgoing, 0.04); end
	module:hook("iq-get/host/" .. xmlns .. ":approvals", function (event)
		return answer(event, connector.approvals_grant, approvals_xml);
	end);
	module:hook("iq-set/host/" .. xmlns .. ":revoke", function (event)
		return answer(event, connector.revoke_grant, revoke_xml);
	end);
end
