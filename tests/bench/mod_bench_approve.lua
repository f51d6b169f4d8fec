-- For comparison with Usher: the shortest correct approval inside Prosody. Every request is approved at the
-- place where the connector would hold it, in the steps in which mod_presence carries out a user's own answer.

local jid = require "util.jid";
local st = require "util.stanza";
local rostermanager = require "core.rostermanager";

local core_post_stanza = prosody.core_post_stanza;
local hosts, bare_sessions = prosody.hosts, prosody.bare_sessions;
local host = module.host;

local function on_subscribe(event)
	local attr = event.stanza.attr;
	if attr.type ~= "subscribe" then return; end
	local username, contact = jid.node(attr.to), jid.bare(attr.from);
	local user = username .. "@" .. host;
	-- These steps are those of mod_presence.
	if contact == user or rostermanager.is_contact_subscribed(username, host, contact)
		or rostermanager.is_contact_preapproved(username, host, contact)
		or rostermanager.is_contact_pending_in(username, host, contact) then
		return;
	end
	local request = st.clone(event.stanza);
	request.attr.from, request.attr.to = contact, user;
	if not rostermanager.set_contact_pending_in(username, host, contact, request) then return; end
	if not rostermanager.subscribed(username, host, contact) then return; end
	rostermanager.roster_push(username, host, contact);
	core_post_stanza(hosts[host], st.presence({ type = "subscribed", from = user, to = contact }));
	for _, session in pairs(bare_sessions[user] and bare_sessions[user].sessions or {}) do
		if session.presence then
			local presence = st.clone(session.presence);
			presence.attr.to = contact;
			core_post_stanza(session, presence, true);
		end
	end
	if rostermanager.is_user_subscribed(username, host, contact) then
		core_post_stanza(hosts[host], st.presence({ type = "probe", from = user, to = contact }));
	end
	return true;
end

module:hook("presence/bare", on_subscribe, 0.05);
module:hook("presence/full", on_subscribe, 0.05);
