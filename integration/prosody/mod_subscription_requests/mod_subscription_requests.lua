-- Puts presence subscription requests (RFC 6121 section 3.1) to a privileged entity (XEP-0356), which approves
-- or denies them on the user's behalf or leaves them to the user. Rules S1 to S81 and S102 to S105 are those of
-- ../../PROTOCOL.md. Its other parts are in people.lib.lua, approvals.lib.lua and archive.lib.lua, libraries as Prosody has
-- them: they run in this module's environment.
--
-- Prosody itself stores the request and changes the rosters. This module holds back nothing but the delivery,
-- and only until the entity has answered. Without an entity, or without its answer, the user gets the request
-- as if the module were not loaded.
--
-- For Prosody 0.12 and 13, with mod_privilege on this host and on a privileged component's own host.

module:depends("privilege");

local st = require "util.stanza";
local async = require "util.async";
local jid = require "util.jid";
local datetime = require "util.datetime".datetime;
local is_utf8 = require "util.encodings".utf8.valid;
local new_id = require "util.id";
local filters = require "util.filters";
local monotonic = require "util.time".monotonic;
local parse_xml = require "util.xml".parse;
local xml_escape = st.xml_escape;
local rostermanager = require "core.rostermanager";
local send_to_available_resources = require "core.sessionmanager".send_to_available_resources;
local usermanager = require "core.usermanager";
local user_exists = usermanager.user_exists;

local core_post_stanza = prosody.core_post_stanza;
local hosts, bare_sessions = prosody.hosts, prosody.bare_sessions;
local host = module.host;
local host_session = hosts[host];

---- Constants ----

local xmlns = "urn:xmpp:subscription-requests:0";
local xmlns_privilege = "urn:xmpp:privilege:2";
local xmlns_nick = "http://jabber.org/protocol/nick";
local xmlns_rsm = "http://jabber.org/protocol/rsm";
local xmlns_roster = "jabber:iq:roster";

local hold_timeout = module:get_option_number("subscription_requests_timeout", 5) or 5;
local max_held = module:get_option_number("subscription_requests_max_held", 10000) or 10000;

local ask_gap = 0.005; -- seconds between two asks under load: a batch gathers, and nobody notices the delay
local ask_patience = 0.5; -- seconds for which the next ask waits for the answer to this one
local ask_size = 100; -- requests in one ask: bounds the stanza, and one transaction of the entity
local ask_lifetime = math.max(60, hold_timeout); -- seconds in which an answer counts, even if the user has the request by then
local text_limit = 1024; -- bytes of a stranger's <status/> or <nick/> that reach the entity
local label_limit = 256; -- bytes of a name or a group that an answer gives to a contact
local page_size = 100; -- requests in one page of the pending list
local max_accounts = 100; -- in one query
local max_witnesses = 10; -- users about whom a source of accounts is asked, to see whether it answers
local most_bytes, most_elements = 10000, 300; -- of a stanza for the entity that somebody else wrote
local too_large = ("Longer than %d bytes, or more than %d elements"):format(most_bytes, most_elements);
local slice = 0.01; -- seconds at a time for reading rosters: other work goes on in between
local quiet_time = 60; -- seconds between two log lines, or two hints to the entity, about the same trouble

---- State ----

-- A hold is one request whose delivery waits for an answer:
--   queued           for the next ask
--   asked            it is in one; queued again if the entity leaves and there is another
-- and in the end, of which only finish() is in charge,
--   answered         approved or denied
--   left             given to the user; a verdict that still comes is a later answer (S34)
--   withdrawn        nothing is left to deliver
local held = {}; -- [username][contact] = hold, queued or asked
local held_count, last_hold = 0, 0;
local queue = {}; -- holds for the next ask, oldest first; some may have ended meanwhile

local asks = {}; -- [IQ id] = ask: { id, session, address, holds, by_id, sent, timer }
local in_flight; -- the ask whose answer the next one waits for
local last_sent, last_size = 0, 0; -- when the last ask was sent, and how many requests it had
local wake, wake_at; -- timer for the next ask

local asking; -- session of the entity that is asked
local readers = setmetatable({}, { __mode = "k" }); -- sessions that have read the pending list
local nodelay = setmetatable({}, { __mode = "k" }); -- [connection] = has this module set TCP_NODELAY on it?
local pending; -- the pending list, once it has been asked for

---- Small things ----

local function address_of(username) return username .. "@" .. host; end

local function hold_of(username, contact) return held[username] and held[username][contact]; end

-- One line at once, then one in quiet_time with the number since. Nothing that a stranger wrote is logged.
local reports = {};
local function report(format)
	if reports[format] then
		reports[format] = reports[format] + 1;
		return;
	end
	reports[format] = 0;
	module:log("warn", format, 1);
	module:add_timer(quiet_time, function ()
		local count = reports[format];
		reports[format] = count > 0 and 0 or nil;
		if count == 0 then return; end
		module:log("warn", format, count);
		return quiet_time;
	end);
end

-- What is stored may be anything; a fault in it is logged once (S78).
local unreadable = {};
local function log_unreadable(username, contact, fault)
	local place = username .. "\0" .. tostring(contact);
	if unreadable[place] then return; end
	unreadable[place] = true;
	if contact == nil then
		module:log("error", "The roster of %s cannot be read, and its requests are not listed: %s", username, fault);
	else
		module:log("error", "The request from %s in the roster of %s cannot be read, and is not listed: %s", contact, username, fault);
	end
end

-- Nagle's algorithm would keep `subscribed` back until the client has acknowledged the roster push that they were
-- sent just before, some 40 ms. A LuaSocket object borrows the descriptor, as LuaSec's have no setoption().
local borrower = require "socket".tcp();
local function set_nodelay(conn, value)
	local socket = conn.socket and conn:socket();
	local fd = socket and socket:getfd();
	if not fd or fd < 0 then return false; end
	borrower:setfd(fd);
	local changes = borrower:getoption("tcp-nodelay") ~= value;
	if changes then borrower:setoption("tcp-nodelay", value); end
	borrower:setfd(-1);
	return changes;
end

local function send_without_delay(conn)
	if conn and nodelay[conn] == nil then nodelay[conn] = set_nodelay(conn, true); end
end

-- What takes long: `work` may wait (util.async), and calls pause() often, which lets other work go on every 10 ms (S64).
local slice_end = 0;
local function in_background(work)
	slice_end = monotonic() + slice;
	async.runner(work):run(true);
end

local function pause()
	if monotonic() < slice_end then return; end
	local wait, done = async.waiter();
	module:add_timer(0, function () done(); end);
	wait();
	slice_end = monotonic() + slice;
end

-- Calls `step` until it returns true.
local function in_slices(step)
	in_background(function ()
		while not step() do pause(); end
	end);
end

local function is_xml_text(text)
	return type(text) == "string" and is_utf8(text) and not text:find("[%z\1-\8\11\12\14-\31]") and not text:find("\239\191[\190\191]");
end

-- A bare address that can be sent. Prepared or not: Prosody uses it as it is stored.
local function is_bare(address)
	if not is_xml_text(address) then return false; end
	local _, address_host, resource = jid.split(address);
	return address_host and not resource;
end

-- Cuts at a UTF-8 boundary.
local function shorten(text)
	if #text <= text_limit then return text; end
	local last = text_limit;
	while last > 0 and text:find("^[\128-\191]", last + 1) do last = last - 1; end
	return text:sub(1, last);
end

-- A request of a contact who is subscribed already, as the user's clients see it, is stale: Prosody would apply a
-- verdict to the subscription.
local function is_stale(contact, roster)
	local item = roster[contact];
	return type(item) == "table" and (item.subscription == "from" or item.subscription == "both");
end

-- Whether a request of this contact waits for the user. A stale one is removed (S77) by storing nothing but what is
-- pending: an item that a group has put into the roster is not to be stored. `roster` must be the one that is loaded:
-- an older one would be stored over what is newer.
local function is_pending(username, contact, roster)
	if roster[false].pending[contact] == nil then return false; end
	if not is_stale(contact, roster) then return true; end
	roster[false].pending[contact] = nil;
	rostermanager.save_roster(username, host, roster, false);
	return false;
end

local subscriptions = { none = true, to = true, from = true, both = true };

-- An approval would make `both` of any other subscription.
local function is_known_item(item)
	return item == nil or type(item) == "table" and subscriptions[item.subscription];
end

-- The request as the roster has it, or nil: nothing waits.
local function stored_request(username, contact)
	local roster = rostermanager.load_roster(username, host);
	if not is_pending(username, contact, roster) then return nil; end
	if not is_known_item(roster[contact]) then error("the contact's item is unknown", 0); end
	local stored = roster[false].pending[contact];
	local request = type(stored) == "table" and st.deserialize(stored) or st.presence();
	request.attr.type, request.attr.from, request.attr.to = "subscribe", contact, address_of(username);
	return request;
end

-- <request/> as text (S23 to S26), which takes a tenth of the time that stanza objects take. Nil: the item cannot be read.
local function request_xml(id, request, roster)
	local contact = request.attr.from;
	local item = roster[contact];
	if not is_known_item(item) then return nil; end
	local xml = {
		"<request id='", id, "'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' from='",
		xml_escape(contact), "' to='", xml_escape(request.attr.to), "'>"
	};
	local status, nick = request:get_child_text("status"), request:get_child_text("nick", xmlns_nick);
	if is_xml_text(status) then xml[#xml + 1] = "<status>" .. xml_escape(shorten(status)) .. "</status>"; end
	if is_xml_text(nick) then xml[#xml + 1] = "<nick xmlns='" .. xmlns_nick .. "'>" .. xml_escape(shorten(nick)) .. "</nick>"; end
	xml[#xml + 1] = "</presence></forwarded>";
	if item then
		xml[#xml + 1] = "<item xmlns='jabber:iq:roster' jid='" .. xml_escape(contact) .. "' subscription='" .. item.subscription .. "'";
		if item.ask == "subscribe" then xml[#xml + 1] = " ask='subscribe'"; end
		if item.approved == "true" then xml[#xml + 1] = " approved='true'"; end
		xml[#xml + 1] = "/>";
	end
	xml[#xml + 1] = "</request>";
	return table.concat(xml);
end

-- Stream management (XEP-0198) counts stanza objects only.
local function send_iq(session, kind, id, to, payload)
	local xml = ("<iq type='%s' id='%s' from='%s' to='%s'>%s</iq>"):format(kind, xml_escape(id), host, xml_escape(to), payload);
	send_without_delay(session.conn);
	session.send(session.smacks and parse_xml(xml) or xml);
end

---- Entities ----

-- What the configuration grants, for each part of the protocol: the kind of XEP-0356 permission for its namespace, the
-- addresses that have it, in the order in which they are asked, and the same as a set.
local requests_grant = { namespace = xmlns, kind = "set" };
local people_grant = { namespace = xmlns .. "#people", kind = "get" };
local approvals_grant = { namespace = xmlns .. "#approvals", kind = "get" };
local revoke_grant = { namespace = approvals_grant.namespace, kind = "set" };
local archive_grant = { namespace = xmlns .. "#archive", kind = "get" };
local archive_setting_grant = { namespace = xmlns .. "#archive", kind = "set" };
local all_grants = {
	requests_grant, people_grant, approvals_grant, revoke_grant, archive_grant, archive_setting_grant,
};
local entity_hosts; -- of all these addresses

local function read_grant(grant)
	grant.addresses, grant.has = {}, {};
	for address, permissions in pairs(module:get_option("privileged_entities", {})) do
		local permission = type(permissions) == "table" and type(permissions.iq) == "table" and permissions.iq[grant.namespace];
		local entity_host = type(address) == "string" and jid.host(address);
		if entity_host and (permission == "both" or permission == grant.kind) then
			grant.addresses[#grant.addresses + 1], grant.has[address], entity_hosts[entity_host] = address, true, true;
		end
	end
	table.sort(grant.addresses);
end

local function read_grants()
	entity_hosts = {};
	for _, grant in ipairs(all_grants) do read_grant(grant); end
end
read_grants();

local function is_entity(address)
	for _, grant in ipairs(all_grants) do
		if grant.has[address] then return true; end
	end
	return false;
end

-- mod_privilege fills session.privileges at the login and does not look again when the configuration changes (S70).
local function has_grant(session, grant)
	local privileges = session.privileges and session.privileges[host];
	local permission = privileges and privileges.iq and privileges.iq[grant.namespace];
	return permission and permission[grant.kind] and grant.has[jid.join(session.username, session.host)];
end

local function is_granted(session) return has_grant(session, requests_grant); end

local function component_session(address)
	local component = hosts[address] and hosts[address].modules.component;
	return component and component.session or nil;
end

-- A component's stream stays open when mod_component is loaded again, or its host deactivated, but gets nothing any more.
local function is_detached(session)
	return session.type == "component" and component_session(session.host) ~= session;
end

-- S7: somebody may look after the account with a chat client, which would answer every ask with an error.
local function may_be_asked(session)
	if not is_granted(session) then return false; end
	return session.type == "component" or session.presence and not session.hibernating and readers[session];
end

local function account_session(address, leaving)
	local user, found = bare_sessions[address], nil;
	for _, session in pairs(user and user.sessions or {}) do
		if session ~= leaving and may_be_asked(session) then
			if session == asking then return session; end
			found = found or session;
		end
	end
	return found;
end

-- The session to ask, and its address. `leaving`: a session that is about to end but is still registered.
local function connected_entity(leaving)
	for _, address in ipairs(requests_grant.addresses) do
		local session = component_session(address);
		if session and session ~= leaving and may_be_asked(session) then return session, address; end
		session = account_session(address, leaving);
		if session then return session, session.full_jid; end
	end
end

-- XEP-0356 section 4.2. mod_privilege sends it at login; here it is a hint to read the pending list again.
local function advertise(session, address)
	if not is_granted(session) then return; end
	local permissions = session.privileges[host];
	local message = st.message({ from = host, to = address }):tag("privilege", { xmlns = xmlns_privilege });
	for _, access in ipairs { "roster", "message", "presence" } do
		if permissions[access] then message:tag("perm", { access = access, type = permissions[access] }):up(); end
	end
	message:tag("perm", { access = "iq" });
	for namespace, allowed in pairs(permissions.iq) do
		local kind = allowed.get and allowed.set and "both" or allowed.get and "get" or allowed.set and "set";
		if kind then message:tag("namespace", { ns = namespace, type = kind }):up(); end
	end
	session.send(message);
end

local function for_each_connection(grant, call)
	for _, address in ipairs(grant.addresses) do
		local component, user = component_session(address), bare_sessions[address];
		if component then call(component, address); end
		for _, session in pairs(user and user.sessions or {}) do call(session, session.full_jid); end
	end
end

local function advertise_to_all()
	for_each_connection(requests_grant, function (session, address)
		if session.type == "component" or session.presence then advertise(session, address); end
	end);
end

local function tell_removed(username)
	for_each_connection(requests_grant, function (session, address)
		if not may_be_asked(session) then return; end
		session.send(st.message({ from = host, to = address, id = new_id.medium() })
			:tag("removed", { xmlns = xmlns }):tag("account", { jid = address_of(username) }):up():up());
	end);
end

-- S9: an entity is there, but has not answered something, or was not asked. It reads the list when requests are held
-- as usual again: when the next one is, or some time later if none comes.
local passed_by, last_hint = false, -quiet_time;
local function hint()
	passed_by, last_hint = false, monotonic();
	advertise_to_all();
end

local function note_passed()
	if passed_by then return; end
	passed_by = true;
	module:add_timer(quiet_time, function ()
		if not passed_by then return; end
		local rest = last_hint + quiet_time - monotonic();
		if rest > 0 then return rest; end
		if held_count >= max_held then return quiet_time; end
		hint();
	end);
end

local function note_entity(session, address)
	if session == asking then return; end
	asking = session;
	module:log("info", "Subscription requests are put to %s", address);
end

---- What the server lets in ----

local on_presence; -- forward declaration

-- Would the server let this request in now (S51)? The handlers that come before our own are asked once more: blocking a
-- domain does not clear what is pending, and mod_presence would approve before mod_blocklist objects. Not mod_firewall,
-- which would count the request again, for its rates and in its log.
local function is_admitted(request)
	local events, firewall = host_session.events, host_session.modules.firewall;
	local from_host = jid.host(request.attr.from);
	local event = { stanza = st.clone(request), origin = {
		type = hosts[from_host] and "c2s" or "s2sin", host = from_host, from_host = from_host, to_host = host,
		full_jid = request.attr.from, log = module._log, send = function () return true; end;
	} };
	for _, handler in ipairs(events.get_handlers("presence/bare")) do
		if handler == on_presence then return true; end
		local counts = firewall and firewall.module.event_handlers:get(events, "presence/bare", handler);
		if not counts and handler(event) ~= nil then return false; end
	end
	return false;
end

---- Who has an account ----

local accounts = module:open_store("accounts"); -- of Prosody's own providers, which do not tell of a fault there

local function is_internal() return (host_session.users.name or ""):find("^internal_"); end

-- For a provider no answer is a "no", too.
local function exists_for_provider(username)
	local ok, exists = pcall(host_session.users.user_exists, username);
	return ok and exists;
end

local function can_read_account(username)
	local ok, account, fault = pcall(accounts.get, accounts, username);
	return ok and (account or not fault);
end

-- Whether a "no" about this user can be believed: a function to call until it returns true, or false. Another source of
-- accounts, such as a directory, answers if it knows somebody: `known`, or one who is online or has requests waiting.
-- Each call asks it about one of them.
local function absence_check(username, known)
	if is_internal() then return function () return can_read_account(username) and true or false; end; end
	local names, position = { known }, 0;
	for _, users in ipairs { host_session.sessions, pending and pending.of or {} } do
		for name in pairs(users) do
			if #names == max_witnesses then break; end
			if name ~= username then names[#names + 1] = name; end
		end
	end
	return function ()
		position = position + 1;
		if not names[position] then return false; end
		return exists_for_provider(names[position]) and true or nil;
	end;
end

-- Those of them that have an account, as a set. Nil: that cannot be told (S81).
local function find_accounts(usernames)
	local found, known, absent = {}, nil, nil;
	for _, username in ipairs(usernames) do
		pause();
		local exists = exists_for_provider(username);
		if exists then known = username; end
		if exists or host_session.sessions[username] then
			found[username] = true;
		elseif is_internal() and not can_read_account(username) then
			return nil;
		else
			absent = username;
		end
	end
	if not absent then return found; end
	local check = absence_check(absent, known);
	local believed;
	repeat
		pause();
		believed = check();
	until believed ~= nil;
	return believed and found or nil;
end

---- The pending list ----

-- An index of what the rosters say: every request that is stored and not held. Whatever else it has is noticed
-- when a page is made.
--   order: entries { seq, username, contact, gone } by seq; of[username][contact]: the same, without those gone;
--   size: how many; tag: begins our item ids, another one in each index; waiting: functions to call when it is
--   complete, nil from then on
local function pending_remove(username, contact)
	local entry = pending and pending.of[username] and pending.of[username][contact];
	if not entry then return; end
	pending.of[username][contact] = nil;
	if not next(pending.of[username]) then pending.of[username] = nil; end
	entry.gone, pending.size = true, pending.size - 1;
	if #pending.order < 2 * pending.size + 100 then return; end
	local order = {};
	for _, other in ipairs(pending.order) do
		if not other.gone then order[#order + 1] = other; end
	end
	pending.order = order;
end

local function pending_add(username, contact)
	if not pending or hold_of(username, contact) then return; end
	local entries = pending.of[username] or {};
	if entries[contact] then return; end
	pending.last, pending.size = pending.last + 1, pending.size + 1;
	pending.of[username] = entries;
	entries[contact] = { seq = pending.last, username = username, contact = contact };
	pending.order[#pending.order + 1] = entries[contact];
end

local function stored_usernames()
	local rosters, usernames = module:open_store("roster"), {};
	if not rosters.users then return usernames; end -- such as storage = "none", which keeps nothing
	for username in rosters:users() do usernames[#usernames + 1] = username; end
	return usernames;
end

local function pending_read(username)
	local roster = rostermanager.load_roster(username, host);
	if roster[false].broken then error(roster[false].broken, 0); end
	for contact in pairs(roster[false].pending) do
		if is_pending(username, contact, roster) then pending_add(username, contact); end
	end
end

-- Reads all rosters once. The names are taken first: not every storage can be used while it lists them.
local function pending_build(usernames, on_complete)
	pending = { tag = new_id.short() .. "-", order = {}, of = {}, size = 0, last = 0, waiting = { on_complete } };
	local position = 0;
	in_slices(function ()
		position = position + 1;
		local username = usernames[position];
		if username == nil then
			local waiting = pending.waiting;
			pending.waiting = nil;
			for _, callback in ipairs(waiting) do callback(); end
			return true;
		end
		local ok, fault = pcall(pending_read, username);
		if not ok then log_unreadable(tostring(username), nil, fault); end
	end);
end

-- Where in `order` the first entry after `seq` is.
local function position_after(order, seq)
	local low, high = 1, #order + 1;
	while low < high do
		local middle = math.floor((low + high) / 2);
		if order[middle].seq > seq then high = middle; else low = middle + 1; end
	end
	return low;
end

local empty_page = ("<pending xmlns='%s'><set xmlns='%s'/></pending>"):format(xmlns, xmlns_rsm);

-- XEP-0059: calls `send` with a page of at most `max` entries after `seq`.
local function pending_page(username, seq, max, send)
	local order, position = pending.order, position_after(pending.order, seq) - 1;
	local xml, first, last = {}, nil, nil;
	local users, known, check, is_silent = {}, nil, nil, false; -- users[username]: may exist
	-- Nil until it is decided: call it again.
	local function is_user(name)
		if users[name] == nil and check then
			local believed = check();
			if believed ~= nil then users[name], check, is_silent = not believed, nil, not believed and not is_internal(); end
		elseif users[name] == nil then
			if host_session.sessions[name] or is_silent then
				users[name] = true;
			elseif exists_for_provider(name) then
				users[name], known = true, name;
			else
				check = absence_check(name, known);
			end
		end
		return users[name];
	end
	local function add(entry)
		local request = not hold_of(entry.username, entry.contact) and stored_request(entry.username, entry.contact);
		if not request then return pending_remove(entry.username, entry.contact); end
		if not users[entry.username] or not is_admitted(request) then return; end -- as a later answer would be refused
		if not is_bare(entry.contact) or not is_bare(request.attr.to) then error("not an address", 0); end
		local id = pending.tag .. entry.seq;
		first, last = first or id, id;
		xml[#xml + 1] = request_xml(id, request, rostermanager.load_roster(entry.username, host));
	end
	in_slices(function ()
		if #xml < max and position < #order then
			local entry = order[position + 1];
			local is_wanted = not entry.gone and (not username or entry.username == username);
			if is_wanted and is_user(entry.username) == nil then return; end
			position = position + 1;
			if not is_wanted then return; end
			local ok, fault = pcall(add, entry);
			if not ok then log_unreadable(entry.username, entry.contact, fault); end
			return;
		end
		local count = pending.size;
		if username then
			count = 0;
			for _ in pairs(pending.of[username] or {}) do count = count + 1; end
		end
		send(("<pending xmlns='%s'>%s<set xmlns='%s'>%s<count>%d</count></set></pending>"):format(xmlns, table.concat(xml), xmlns_rsm,
			first and ("<first>%s</first><last>%s</last>"):format(first, last) or "", count));
		return true;
	end);
end

---- Ending a hold ----

-- False: the hold has already ended, and nothing must follow.
local function finish(hold, outcome)
	if hold.state ~= "queued" and hold.state ~= "asked" then return false; end
	local of_user = held[hold.username];
	of_user[hold.contact] = nil;
	if not next(of_user) then held[hold.username] = nil; end
	held_count = held_count - 1;
	hold.state, hold.xml, hold.roster = outcome, nil, nil;
	hold.timer:stop();
	return true;
end

-- Like mod_presence, but later: acknowledges the request (RFC 6121 section 3.1.3), once per `subscribe` that
-- was received (S47), and delivers it.
local function deliver(hold)
	if not is_pending(hold.username, hold.contact, rostermanager.load_roster(hold.username, host)) then return; end
	pending_add(hold.username, hold.contact);
	if hold.blocked and not is_admitted(hold.request) then return; end
	for _ = 1, hold.received do
		local receipt = st.presence({ type = "unavailable", from = address_of(hold.username), to = hold.contact });
		core_post_stanza(host_session, receipt, true);
	end
	send_to_available_resources(hold.username, host, hold.request);
end

local function leave_to_user(hold)
	if not finish(hold, "left") then return; end
	deliver(hold);
	hold.request = nil;
end

-- A fault in what is stored for one of several holds leaves the others alone.
local function of_one(hold, apply, ...)
	local ok, result = pcall(apply, ...);
	if ok then return result; end
	log_unreadable(hold.username, hold.contact, result);
	return "internal-server-error";
end

local function by_number(a, b) return a.number < b.number; end

local function leave_all_to_users()
	local holds = {};
	for _, of_user in pairs(held) do
		for _, hold in pairs(of_user) do holds[#holds + 1] = hold; end
	end
	table.sort(holds, by_number);
	queue = {};
	for _, hold in ipairs(holds) do of_one(hold, leave_to_user, hold); end
	return #holds;
end

-- Gives the user's item what it has not (S102). The approval that follows stores it, and tells the user's clients. An
-- item that a group has put into the roster is not to be stored; with mod_groups such a contact is subscribed already,
-- and no verdict comes so far.
local function put_label(roster, contact, label)
	local item = roster[contact] or { subscription = "none", groups = {} };
	if item.persist == false then return; end
	if label.name and (item.name or "") == "" then item.name = label.name; end
	if label.group and not next(item.groups or {}) then item.groups = { [label.group] = true }; end
	roster[contact] = item;
end

-- The last step before mod_presence does the same: changes the roster, which mod_presence then finds changed. It
-- would not tell whether the change has been stored; and for a user who is offline it would look into the
-- contact's roster, which knows nothing yet, and send nothing.
local verdict_stanzas = { subscribed = st.presence({ type = "subscribed" }), unsubscribed = st.presence({ type = "unsubscribed" }) };
local verdict_stanza, verdict_roster, verdict_label, is_applied; -- of act_as_user(), on its way
local function apply_verdict(username, contact)
	local roster = verdict_roster;
	local pending_in = roster[false].pending;
	local item, request = nil, pending_in[contact];
	if roster[contact] then
		item = {};
		for name, value in pairs(roster[contact]) do item[name] = value; end
	end
	local verdict = verdict_stanza.attr.type;
	if verdict == "subscribed" then put_label(roster, contact, verdict_label); end
	if not rostermanager[verdict](username, host, contact) then
		roster[contact], pending_in[contact] = item, request;
		return true;
	end
	is_applied = true;
	if verdict == "subscribed" and bare_sessions[address_of(username)] then
		rostermanager.roster_push(username, host, contact);
		return; -- mod_presence sends `subscribed`, and the user's presence after it
	end
	core_post_stanza(host_session, verdict_stanza);
	return true;
end

-- Who sends what is sent for the user.
local function origin_for(username, roster)
	local get_role = rawget(host_session.authz, "get_user_role"); -- Prosody 13
	return {
		type = "c2s", username = username, host = host, full_jid = address_of(username), roster = roster,
		role = get_role and get_role(username), log = module._log, send = function () return true; end;
	};
end

-- Answers as the user, by the server's own code for the user's own stanzas. Only for a request that is pending in their
-- roster, which is not loaded again: otherwise `subscribed` stores a pre-approval (RFC 6121 section 3.4). False: the
-- request still waits.
local function act_as_user(roster, username, contact, verdict, wishes)
	if not is_known_item(roster[contact]) then error("the contact's item is unknown", 0); end
	local self, origin = address_of(username), origin_for(username, roster);
	verdict_stanza, verdict_roster, verdict_label, is_applied = st.clone(verdict_stanzas[verdict]), roster, wishes.label, false;
	verdict_stanza.attr.from, verdict_stanza.attr.to = self, contact;
	core_post_stanza(origin, verdict_stanza, true);
	verdict_stanza, verdict_roster, verdict_label = nil, nil, nil;
	if not is_applied and roster[false].pending[contact] ~= nil then return false; end
	local item = roster[contact];
	if verdict == "subscribed" and wishes.ask_back
		and not (item and (item.ask or item.subscription == "to" or item.subscription == "both")) then
		core_post_stanza(origin, st.presence({ type = "subscribe", from = self, to = contact }), true);
	end
	return true;
end

local function apply(...)
	local ok, applied = pcall(act_as_user, ...);
	if not ok then module:log("error", "A verdict could not be applied: %s", applied); end
	return ok and applied;
end

---- Asking ----

local function forget(ask)
	ask.timer:stop();
	asks[ask.id] = nil;
	if in_flight == ask then in_flight = nil; end
end

local function send_ask(session, address, holds)
	local ask = { id = new_id.medium(), session = session, address = address, holds = holds, by_id = {}, sent = monotonic() };
	local xml = {};
	for i, hold in ipairs(holds) do
		xml[i], ask.by_id[hold.id] = hold.xml, hold;
		hold.state, hold.ask = "asked", ask;
	end
	asks[ask.id], in_flight, last_sent, last_size = ask, ask, ask.sent, #holds;
	ask.timer = module:add_timer(ask_lifetime, function () forget(ask); end);
	note_entity(session, address);
	send_iq(session, "set", ask.id, address, "<requests xmlns='" .. xmlns .. "'>" .. table.concat(xml) .. "</requests>");
end

local ask_next; -- forward declaration

local function wake_in(delay, now)
	if wake then
		if wake_at <= now + delay then return; end
		wake:stop();
	end
	wake_at = now + delay;
	wake = module:add_timer(delay, function ()
		wake = nil;
		ask_next();
	end);
end

-- The roster is as it was when the request came, and may have been loaded anew since: what it says against the request is
-- looked up. What it does not say is noticed when the answer comes.
local function still_waits(hold)
	local roster, contact = hold.roster, hold.contact;
	if roster[false].pending[contact] ~= nil and not is_stale(contact, roster) then return true; end
	return is_pending(hold.username, contact, rostermanager.load_roster(hold.username, host));
end

-- Puts what is queued to the entity: one ask at a time, and with a gap in between when requests come faster
-- than they are answered one by one.
function ask_next(leaving)
	if not queue[1] then return; end
	local now = monotonic();
	local delay = (last_size > 1 or queue[2]) and last_sent + ask_gap - now or 0;
	if in_flight then delay = math.max(delay, in_flight.sent + ask_patience - now); end
	if delay > 0 then return wake_in(delay, now); end
	local session, address = connected_entity(leaving);
	if not session then
		leave_all_to_users();
		return;
	end
	local holds, rest = {}, {};
	for _, hold in ipairs(queue) do
		if hold.state == "queued" and not still_waits(hold) then finish(hold, "withdrawn"); end
		if hold.state == "queued" then
			local list = #holds < ask_size and holds or rest;
			list[#list + 1] = hold;
		end
	end
	queue = rest;
	if holds[1] then send_ask(session, address, holds); end
	if rest[1] then wake_in(ask_gap, now); end
end

---- Answers ----

-- Nil unless it may be shown (S104).
local function label_text(text)
	if not text or #text > label_limit or not text:find("%S") then return nil; end
	if text:find("[%z\1-\31\127]") or text:find("\194[\128-\159]") then return nil; end
	return text;
end

-- What an answer says besides its verdict: whether to ask back, and what the user's item gets where it has none.
local function wishes_in(answer)
	local item = answer:get_child("item", xmlns_roster);
	return {
		ask_back = answer.attr["ask-back"] == "true" or answer.attr["ask-back"] == "1",
		label = { name = item and label_text(item.attr.name), group = item and label_text(item:get_child_text("group")) },
	};
end

-- Both return nothing, or the condition of the error that a later answer gets.
local function answer_hold(hold, verdict, wishes)
	if verdict ~= "subscribed" and verdict ~= "unsubscribed" then return leave_to_user(hold); end
	if not finish(hold, "answered") then return; end
	local is_allowed = not hold.blocked or is_admitted(hold.request);
	local roster = rostermanager.load_roster(hold.username, host);
	if not is_pending(hold.username, hold.contact, roster) then return; end
	if is_allowed and apply(roster, hold.username, hold.contact, verdict, wishes) then return; end
	deliver(hold);
	return "internal-server-error";
end

local function answer_later(username, contact, verdict, wishes)
	local request = stored_request(username, contact);
	if not request or not is_admitted(request) then return "item-not-found"; end
	local hold = hold_of(username, contact);
	if hold then return answer_hold(hold, verdict, wishes); end
	if verdict == "none" then return; end
	local roster = rostermanager.load_roster(username, host);
	if not apply(roster, username, contact, verdict, wishes) then return "internal-server-error"; end
	pending_remove(username, contact);
end

-- The reply to an ask, which counts only from the address that was asked (S28).
local function on_reply(event)
	local session, stanza = event.origin, event.stanza;
	local kind = stanza.attr.type;
	local ask = (kind == "result" or kind == "error") and asks[stanza.attr.id];
	if not ask then return; end
	if stanza.attr.from ~= ask.address or not is_granted(session) then
		report("Replies from somebody who was not asked, ignored: %d");
		return true;
	end
	forget(ask);
	local answers = kind == "result" and stanza:get_child("answers", xmlns) or st.stanza("answers");
	for answer in answers:childtags("answer") do
		local id, verdict = answer.attr.id or "", answer.attr.type;
		local hold = ask.by_id[id];
		ask.by_id[id] = nil;
		if hold and hold.ask == ask and hold.state == "asked" then
			of_one(hold, answer_hold, hold, verdict, wishes_in(answer));
		elseif hold and hold.state == "left" and (verdict == "subscribed" or verdict == "unsubscribed")
			and user_exists(hold.username, host) then
			of_one(hold, answer_later, hold.username, hold.contact, verdict, wishes_in(answer));
		end
	end
	for _, hold in ipairs(ask.holds) do
		if hold.ask == ask and hold.state == "asked" then of_one(hold, leave_to_user, hold); end
	end
	ask_next();
	return true;
end

local function refuse(event, kind, condition, text)
	event.origin.send(st.error_reply(event.stanza, kind, condition, text));
	return true;
end

local function is_known_user(username) return host_session.sessions[username] or exists_for_provider(username); end

-- Refuses what is about a user of whom the source of accounts does not say that they exist.
local function refuse_unknown(event, username)
	local check = absence_check(username);
	in_slices(function ()
		local believed = check();
		if believed == nil then return; end
		if event.origin.destroyed then return true; end
		if believed then return refuse(event, "cancel", "item-not-found"); end
		return refuse(event, "wait", "internal-server-error");
	end);
	return true;
end

-- Whether this IQ may have what the grant gives.
local function is_allowed(event, grant)
	local session = event.origin;
	return has_grant(session, grant) and grant.has[jid.bare(event.stanza.attr.from)] and not is_detached(session);
end

local function on_answer(event)
	local session, stanza = event.origin, event.stanza;
	if not is_allowed(event, requests_grant) then return refuse(event, "auth", "forbidden"); end
	local answer = stanza.tags[1];
	local verdict, user, contact = answer.attr.type, answer.attr.user, answer.attr.contact;
	local is_known = verdict == "subscribed" or verdict == "unsubscribed" or verdict == "none";
	if #stanza.tags ~= 1 or not is_known or not user or not contact then return refuse(event, "modify", "bad-request"); end
	local username, user_host, resource = jid.prepped_split(user);
	contact = jid.prep(contact);
	if not user_host or not contact then return refuse(event, "modify", "jid-malformed"); end
	if not username or user_host ~= host or resource then return refuse(event, "cancel", "item-not-found"); end
	if not is_known_user(username) then return refuse_unknown(event, username); end
	local condition = of_one({ username = username, contact = contact }, answer_later, username, contact, verdict, wishes_in(answer));
	if condition then return refuse(event, condition == "item-not-found" and "cancel" or "wait", condition); end
	session.send(st.reply(stanza));
	return true;
end

local function on_pending(event)
	local session, stanza = event.origin, event.stanza;
	if not is_allowed(event, requests_grant) then return refuse(event, "auth", "forbidden"); end
	local query = stanza.tags[1];
	local username;
	if query.attr.user then
		local user_host, resource;
		username, user_host, resource = jid.prepped_split(query.attr.user);
		if not user_host then return refuse(event, "modify", "jid-malformed"); end
		if not username or user_host ~= host or resource then return refuse(event, "cancel", "item-not-found"); end
		if not is_known_user(username) then return refuse_unknown(event, username); end
	end
	local set = query:get_child("set", xmlns_rsm);
	if set and (set:get_child("before") or set:get_child("index")) then return refuse(event, "cancel", "feature-not-implemented"); end
	local max_text, after = set and set:get_child_text("max"), set and set:get_child_text("after");
	local max = max_text and tonumber(max_text:match("^%s*(%d+)%s*$"));
	if max_text and not max then return refuse(event, "modify", "bad-request"); end
	local seq = 0;
	if after then
		seq = pending and after:sub(1, #pending.tag) == pending.tag and tonumber(after:match("^%d+$", #pending.tag + 1));
		if not seq or seq < 1 or seq > pending.last then return refuse(event, "cancel", "item-not-found"); end
	end

	readers[session] = true;
	local asked, address = connected_entity();
	if asked then note_entity(asked, address); end

	if max == 0 and not (pending and not pending.waiting) then
		send_iq(session, "result", stanza.attr.id, stanza.attr.from, empty_page); -- S59
		return true;
	end
	local function reply()
		if session.destroyed then return; end
		pending_page(username, seq, math.min(max or page_size, page_size), function (page)
			if not session.destroyed then send_iq(session, "result", stanza.attr.id, stanza.attr.from, page); end
		end);
	end
	if not pending then
		local ok, usernames = pcall(stored_usernames);
		if not ok then
			module:log("error", "The rosters cannot be listed, and no request in them: %s", usernames);
			return refuse(event, "wait", "internal-server-error");
		end
		pending_build(usernames, reply);
	elseif pending.waiting then
		table.insert(pending.waiting, reply);
	else
		reply();
	end
	return true;
end

---- Accounts ----

-- XEP-0082, if the server knows it: Prosody 13 does.
local function creation_time(username)
	if not usermanager.get_account_info then return nil; end
	local ok, account = pcall(usermanager.get_account_info, username, host);
	local created = ok and type(account) == "table" and tonumber(account.created);
	return created and datetime(math.floor(created)) or nil;
end

local function on_accounts(event)
	local session, stanza = event.origin, event.stanza;
	if not is_allowed(event, requests_grant) then return refuse(event, "auth", "forbidden"); end
	local addresses, usernames = {}, {};
	for account in stanza.tags[1]:childtags("account") do
		if not account.attr.jid or #addresses == max_accounts then return refuse(event, "modify", "bad-request"); end
		addresses[#addresses + 1] = account.attr.jid;
	end
	if not addresses[1] then return refuse(event, "modify", "bad-request"); end
	for i, address in ipairs(addresses) do
		local username, user_host, resource = jid.prepped_split(address);
		if not username or user_host ~= host or resource then return refuse(event, "modify", "jid-malformed"); end
		usernames[i] = username;
	end

	in_background(function ()
		local found = find_accounts(usernames);
		if session.destroyed then return; end
		if not found then return refuse(event, "wait", "internal-server-error"); end -- S81
		local reply = st.reply(stanza):tag("accounts", { xmlns = xmlns });
		for _, username in ipairs(usernames) do
			if found[username] then
				reply:tag("account", { jid = address_of(username), created = creation_time(username) }):up();
			end
		end
		session.send(reply);
	end);
	return true;
end

---- Holding ----

local function on_timeout(hold)
	report("Requests left to their users because no answer came in time: %d");
	note_passed();
	leave_to_user(hold);
end

local function hold_request(origin, request, id, xml, username, contact, roster)
	held_count = held_count + 1;
	local hold = {
		id = id, number = last_hold, state = "queued", received = 1,
		username = username, contact = contact, request = request, roster = roster, xml = xml,
	};
	hold.timer = module:add_timer(hold_timeout, function () on_timeout(hold); end);
	held[username] = held[username] or {};
	held[username][contact] = hold;
	queue[#queue + 1] = hold;
	pending_remove(username, contact);
	if origin.type == "c2s" then send_without_delay(origin.conn); end
	if passed_by and monotonic() - last_hint > quiet_time then hint(); end
	ask_next();
end

-- What mod_presence settles without the user stays with it: then nothing is returned.
local function on_subscribe(event, username, contact)
	if rostermanager.is_contact_subscribed(username, host, contact) then return; end
	local roster = rostermanager.load_roster(username, host);
	local hold = hold_of(username, contact);
	if roster[false].pending[contact] ~= nil then
		if not hold then return; end
		hold.received = hold.received + 1;
		return true;
	end
	if hold then finish(hold, "withdrawn"); end -- the user has answered or blocked meanwhile, and this is a new request
	if roster[contact] and roster[contact].approved == "true" then return; end
	local has_entity, is_full = connected_entity(), held_count >= max_held;
	if not has_entity or is_full then
		if has_entity then
			note_passed();
			report("Requests passed to their users at once, because too many wait for an answer: %d");
		end
		if pending and user_exists(username, host) then pending_add(username, contact); end
		return;
	end
	local request = st.clone(event.stanza); -- mod_presence changes the original back to full addresses
	request.attr.from, request.attr.to = contact, address_of(username);
	last_hold = last_hold + 1;
	local id = ("%x"):format(last_hold);
	local xml = request_xml(id, request, roster);
	if not xml or not rostermanager.set_contact_pending_in(username, host, contact, request) then return; end -- no such user, or storage fails
	hold_request(event.origin, request, id, xml, username, contact, roster);
	return true;
end

-- Below mod_blocklist (100) and mod_firewall (0.1), above mod_presence (0).
function on_presence(event)
	local stanza = event.stanza;
	local kind = stanza.attr.type;
	if kind ~= "subscribe" and kind ~= "unsubscribe" or not stanza.attr.to or not stanza.attr.from then return; end
	local username, contact = jid.node(stanza.attr.to), jid.bare(stanza.attr.from);
	if contact == address_of(username) then return; end
	if kind == "subscribe" then return on_subscribe(event, username, contact); end
	local hold = hold_of(username, contact);
	if hold then finish(hold, "withdrawn"); end
	pending_remove(username, contact);
end
module:hook("presence/bare", on_presence, 0.05);
module:hook("presence/full", on_presence, 0.05);

-- The user answers, or this module on their behalf.
local function on_outgoing(event)
	local attr = event.stanza.attr;
	if event.stanza == verdict_stanza then return apply_verdict(jid.node(attr.from), attr.to); end
	if (attr.type ~= "subscribed" and attr.type ~= "unsubscribed") or not attr.to then return; end
	local username, contact = jid.node(attr.from), jid.bare(attr.to);
	local hold = hold_of(username, contact);
	if hold then finish(hold, "withdrawn"); end
	pending_remove(username, contact);
end
module:hook("pre-presence/bare", on_outgoing, 0.05);
module:hook("pre-presence/full", on_outgoing, 0.05);
module:hook("pre-presence/host", on_outgoing, 0.05);

-- A user who comes online is sent what is pending (RFC 6121 section 3.1.3): not what is held (S44) or stale (S77).
module:hook("presence/initial", function (event)
	local session = event.origin;
	for contact in pairs(session.roster[false].pending) do is_pending(session.username, contact, session.roster); end
	if not held[session.username] then return; end
	local function without_held(stanza)
		if stanza.name == "presence" and stanza.attr.type == "subscribe" and hold_of(session.username, stanza.attr.from) then return nil; end
		return stanza;
	end
	filters.add_filter(session, "stanzas/out", without_held);
	module:add_timer(0, function () filters.remove_filter(session, "stanzas/out", without_held); end);
end);

-- S43: from now on this user's holds end only in what their blocks let in.
local function on_block(event)
	for _, hold in pairs(event.origin.type == "c2s" and held[event.origin.username] or {}) do hold.blocked = true; end
end
module:hook("iq-set/self/urn:xmpp:blocking:block", on_block);
module:hook("iq/bare/jabber:iq:privacy:query", on_block, 1); -- before mod_privacy_lists

module:hook_global("user-deleted", function (event)
	if event.host ~= host then return; end
	for _, hold in pairs(held[event.username] or {}) do finish(hold, "withdrawn"); end
	for contact in pairs(pending and pending.of[event.username] or {}) do pending_remove(event.username, contact); end
	if not exists_for_provider(event.username) then tell_removed(event.username); end
end);

module:add_feature(xmlns);
module:hook("iq/host", on_reply, 1);
module:hook("iq-set/host/" .. xmlns .. ":answer", on_answer);
module:hook("iq-get/host/" .. xmlns .. ":pending", on_pending);
module:hook("iq-get/host/" .. xmlns .. ":accounts", on_accounts);

---- The other parts ----

local connector = {
	people_grant = people_grant, approvals_grant = approvals_grant, revoke_grant = revoke_grant,
	archive_grant = archive_grant, archive_setting_grant = archive_setting_grant,
	is_allowed = is_allowed, has_grant = has_grant, for_each_connection = for_each_connection, origin_for = origin_for,
	find_accounts = find_accounts, in_background = in_background, pause = pause, send_iq = send_iq, refuse = refuse,
};
module:require "people" (connector);
module:require "approvals" (connector);
module:require "archive" (connector);

---- What others send to an entity ----

-- S76: a library that reads XML may need a time that grows with the square of what a stranger has sent.
local function is_moderate(stanza)
	local elements = 0;
	local function count(element)
		elements = elements + 1;
		if elements > most_elements then return false; end
		for _, child in ipairs(element.tags) do
			if not count(child) then return false; end
		end
		return true;
	end
	return count(stanza) and #tostring(stanza) <= most_bytes;
end

local function on_stanza_for_entity(event)
	local stanza = event.stanza;
	local to, sender = stanza.attr.to, hosts[stanza.attr.from];
	if not to or not (is_entity(jid.bare(to)) or is_entity(jid.host(to))) then return; end
	if sender and sender.type == "local" or is_moderate(stanza) then return; end
	report("Stanzas to the entity that were too large, not passed on: %d");
	local kind = stanza.attr.type;
	if stanza.name == "iq" and (kind == "get" or kind == "set") then return refuse(event, "modify", "policy-violation", too_large); end
	return true;
end

---- Entities come and go ----

-- S65, S66: what it was asked is asked elsewhere, or left to the users.
local function on_lost(session)
	local again = {};
	for _, ask in pairs(asks) do
		if ask.session == session then
			forget(ask);
			for _, hold in ipairs(ask.holds) do
				if hold.ask == ask and hold.state == "asked" then
					hold.state, hold.ask = "queued", nil;
					again[#again + 1] = hold;
				end
			end
		end
	end
	table.sort(again, by_number);
	for _, hold in ipairs(queue) do again[#again + 1] = hold; end
	queue, last_sent = again, 0;
	if connected_entity(session) then return ask_next(session); end
	local count = leave_all_to_users();
	if session == asking then
		asking = nil;
		module:log("info", "Subscription requests are left to users: the entity is gone (%d were waiting for it)", count);
	end
end

local function on_session_lost(event)
	if is_granted(event.session) then on_lost(event.session); end
end

local function on_hibernation(event) -- XEP-0198: its stream has broken
	if is_granted(event.origin) then on_lost(event.origin); end
end

-- Sessions that go on, but may not be asked any more.
local function check_sessions()
	local sessions = {};
	if asking then sessions[asking] = true; end
	for _, ask in pairs(asks) do sessions[ask.session] = true; end
	for session in pairs(sessions) do
		if not is_granted(session) or is_detached(session) then on_lost(session); end
	end
end

local function on_module(event)
	if event.module == "component" then check_sessions(); end
end

-- S7: it has to read the list after each time that it becomes available.
local function on_available(event)
	readers[event.origin] = nil;
end

-- mod_privilege tells the other hosts about the login of a component, but not of an account: we do.
local function on_login_elsewhere(event)
	local session = event.session;
	if not session.username or not is_entity(jid.join(session.username, session.host)) then return; end
	for callback in module:shared("/*/privilege/session").connected_cb:items() do callback(event); end
end

local function on_available_elsewhere(event)
	on_available(event);
	advertise(event.origin, event.origin.full_jid);
end

-- mod_privilege greets every user with <privilege/>, an empty one if they have no permissions (S8).
module:hook("authentication-success", function (event)
	local privileges = event.session.privileges;
	if privileges and privileges[host] and not next(privileges[host]) then privileges[host] = nil; end
end, -1);

local watched = setmetatable({}, { __mode = "k" });
local function watch(entity_host)
	if not entity_hosts[entity_host] or not hosts[entity_host] or watched[hosts[entity_host].events] then return; end
	local events, is_elsewhere = hosts[entity_host].events, entity_host ~= host;
	watched[events] = true;
	module:hook_object_event(events, "component-disconnected", on_session_lost);
	module:hook_object_event(events, "resource-unbind", on_session_lost);
	module:hook_object_event(events, "smacks-hibernation-start", on_hibernation);
	module:hook_object_event(events, "module-unloaded", on_module);
	module:hook_object_event(events, "module-reloaded", on_module);
	for _, kind in ipairs { "iq", "message", "presence" } do
		for _, form in ipairs { "bare", "full", "host" } do
			module:hook_object_event(events, kind .. "/" .. form, on_stanza_for_entity, 200); -- above mod_blocklist (100)
		end
	end
	module:hook_object_event(events, "presence/initial", is_elsewhere and on_available_elsewhere or on_available);
	if is_elsewhere then module:hook_object_event(events, "authentication-success", on_login_elsewhere, -1); end
end
module:hook_global("host-activated", watch);

local function watch_all()
	for entity_host in pairs(entity_hosts) do watch(entity_host); end
end

-- Of a host that is new, mod_privilege does not know who has logged in before.
local function give_privileges(session)
	if session.privileges and session.privileges[host] then return; end
	for callback in module:shared("/*/privilege/session").connected_cb:items() do callback({ session = session }); end
end

module:hook_global("config-reloaded", function ()
	read_grants();
	watch_all();
	check_sessions();
	advertise_to_all();
end);

function module.load()
	watch_all();
	for _, grant in ipairs(all_grants) do for_each_connection(grant, give_privileges); end
	advertise_to_all();
end

function module.unload()
	leave_all_to_users();
	for conn, changed in pairs(nodelay) do
		if changed then set_nodelay(conn, false); end
	end
end
