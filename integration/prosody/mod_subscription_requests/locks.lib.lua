-- Keeps locked archiving preferences as they are: refuses what the user wants to change, in each way that there is
-- (S126), and keeps from the archive what a lock on `never` forbids (S127).

local st = require "util.stanza";
local jid = require "util.jid";

local host = module.host;
local hosts = prosody.hosts;

local xmlns_mam = { "urn:xmpp:mam:2", "urn:xmpp:mam:1", "urn:xmpp:mam:0", "urn:xmpp:mam:tmp" };
local xmlns_commands = "http://jabber.org/protocol/commands";
local mam_command = "urn:xmpp:mam#configure"; -- of mod_mam_adhoc

-- `note`: to call with whoever may change their preferences.
return function (preferences, note)
	local function refuse(event, kind, condition, text)
		event.origin.send(st.error_reply(event.stanza, kind, condition, text));
		return true;
	end

	local function refuse_if_locked(event, username)
		local ok, lock = pcall(preferences.lock, username);
		if not ok then return refuse(event, "wait", "internal-server-error"); end
		if lock then return refuse(event, "cancel", "not-allowed", "Your administrator has set the archiving preferences"); end
	end

	-- Before the modules that carry it out.
	local function on_preferences(event)
		if event.stanza.attr.type ~= "set" then return; end
		if refuse_if_locked(event, event.origin.username) then return true; end
		note(event.origin.username);
	end

	-- The form itself is refused as well: there is nothing in it to choose.
	local function on_command(event)
		local command, username, user_host = event.stanza.tags[1], jid.split(event.stanza.attr.from);
		if command.attr.node ~= mam_command or user_host ~= host then return; end
		if refuse_if_locked(event, username) then return true; end
		if command:get_child("x", "jabber:x:data") then note(username); end
	end

	for _, xmlns in ipairs(xmlns_mam) do module:hook("iq/self/" .. xmlns .. ":prefs", on_preferences, 10); end
	module:hook("iq-set/host/" .. xmlns_commands .. ":command", on_command, 510); -- mod_adhoc has 500

	-- With mam_smart_enable the first use of the archive makes preferences.
	if module:get_option_boolean("mam_smart_enable", false) then
		local function on_use(event)
			local user = hosts[host].sessions[event.origin.username];
			if user and not user.archive_prefs then note(event.origin.username); end
		end
		module:hook("iq/self/" .. xmlns_mam[1] .. ":prefs", on_use, 9);
		module:hook("iq/self/" .. xmlns_mam[1] .. ":query", on_use, 9);
	end

	-- Whose archive it is, mod_mam does not tell when it asks: a message between two users of this host is for both, one after
	-- the other. So it is noted immediately before.
	local for_archive_of = setmetatable({}, { __mode = "k" }); -- [stanza] = the user's name
	local function on_sent(event) for_archive_of[event.stanza] = event.origin.username; end
	local function on_received(event)
		local attr = event.stanza.attr;
		for_archive_of[event.stanza] = jid.node(attr.to or attr.from);
	end
	for _, form in ipairs { "bare", "full" } do
		module:hook("pre-message/" .. form, on_sent, 0.001); -- mod_mam has 0
		module:hook("message/" .. form, on_received, 0.001);
	end

	module:hook("archive-should-store", function (event)
		local username = for_archive_of[event.stanza];
		if not username then return; end
		local ok, lock = pcall(preferences.lock, username);
		if ok and (not lock or lock.default ~= "never") then return; end
		event.reason = "locked";
		return false;
	end, 100);

	-- Stores go with an account that Prosody deletes. A directory's accounts come and go without it.
	local function on_account(event)
		if event.host == host then preferences.forget_lock(event.username); end
	end
	module:hook("user-registered", on_account);
	module:hook_global("user-deleted", on_account);
end
