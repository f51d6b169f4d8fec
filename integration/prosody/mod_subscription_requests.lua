-- Puts presence subscription requests (RFC 6121 section 3.1) to a privileged entity (XEP-0356), which may
-- approve or deny them on the user's behalf or leave them to her. Protocol: ../PROTOCOL.md.
--
-- Prosody stores the request and changes the rosters itself; this module holds back nothing but the delivery,
-- and only until the entity has answered. Without an entity, or without its answer, the user gets the request
-- as if the module were not loaded.
--
-- Prosody 0.12 and 13. It needs mod_privilege, on this host and on a privileged component's own host.

module:depends("privilege");

local st = require "util.stanza";
local jid = require "util.jid";
local new_id = require "util.id";
local filters = require "util.filters";
local monotonic = require "util.time".monotonic;
local parse_xml = require "util.xml".parse;
local xml_escape = st.xml_escape;
local rostermanager = require "core.rostermanager";
local send_to_available_resources = require "core.sessionmanager".send_to_available_resources;
local user_exists = require "core.usermanager".user_exists;

local core_post_stanza = prosody.core_post_stanza;
local hosts, bare_sessions = prosody.hosts, prosody.bare_sessions;
local host = module.host;
local host_session = hosts[host];

---- Constants ----

local xmlns = "urn:xmpp:subscription-requests:0";
local xmlns_privilege = "urn:xmpp:privilege:2";
local xmlns_nick = "http://jabber.org/protocol/nick";
local xmlns_rsm = "http://jabber.org/protocol/rsm";

local hold_timeout = module:get_option_number("subscription_requests_timeout", 5) or 5;
local max_held = module:get_option_number("subscription_requests_max_held", 10000) or 10000;

local ask_gap = 0.005; -- seconds between two asks: long enough for a batch to gather under load, too short to be noticed
local ask_patience = 0.5; -- seconds until the next ask no longer waits for the answer to this one
local ask_size = 100; -- requests in one ask: with the longest texts some 250 kB, half the stanza size limit of components
local answer_lifetime = 60; -- seconds in which an answer to an ask counts, though the user has the request by then
local text_limit = 1024; -- bytes of a stranger's <status/> or <nick/> that reach the entity
local page_size = 100; -- requests in one page of the pending list
local slice = 0.01; -- seconds at a time spent on reading rosters for the pending list
local report_interval = 60; -- seconds between two log lines about the same trouble

---- State ----

-- A hold is one request whose delivery waits for an answer. Its states:
--   queued --> asked       it was put into an ask; back again when the entity it was put to leaves
--   queued, asked --> answered | left | withdrawn
--     answered: approved or denied; left: given to the user; withdrawn: there is nothing to deliver any more
local held = {}; -- [username][contact] = hold, queued or asked
local held_count = 0;
local queue = {}; -- holds for the next ask, oldest first; skip those no longer queued
local last_hold = 0;

local asks = {}; -- [IQ id] = ask: { id, session, address, holds, by_id, sent, timer }
local in_flight; -- the ask whose answer the next one waits for
local last_sent = -ask_gap;
local wake, wake_at; -- timer for the next ask

local readers = setmetatable({}, { __mode = "k" }); -- sessions that have read the pending list
local asking; -- address of the entity asked last
local nodelay = setmetatable({}, { __mode = "k" }); -- connections on which this module has set TCP_NODELAY
local pending; -- the pending list, once it has been asked for

---- Small things ----

local function bare(username) return username .. "@" .. host; end

-- Without stringing together what strangers wrote: only counts and configured addresses are logged.
local reports = {};
local function report(format)
	local count = reports[format];
	reports[format] = (count or 0) + 1;
	if count then return; end
	module:log("warn", format, 1);
	reports[format] = 0;
	module:add_timer(report_interval, function ()
		if reports[format] == 0 then reports[format] = nil; return; end
		module:log("warn", format, reports[format]);
		reports[format] = 0;
		return report_interval;
	end);
end

-- Nagle's algorithm would keep `subscribed` back until the client has acknowledged the roster push that she was
-- sent just before, some 40 ms. A LuaSocket object borrows the descriptor, since LuaSec's have no setoption().
local borrower = require "socket".tcp();
local function set_nodelay(conn, value)
	local socket = conn.socket and conn:socket();
	local fd = socket and socket:getfd();
	if not fd or fd < 0 then return; end
	borrower:setfd(fd);
	local was = borrower:getoption("tcp-nodelay");
	if was ~= value then borrower:setoption("tcp-nodelay", value); end
	borrower:setfd(-1);
	return was ~= value;
end

local function send_without_delay(conn)
	if conn and nodelay[conn] == nil then
		nodelay[conn] = set_nodelay(conn, true) or false;
	end
end

-- Cuts at a UTF-8 boundary.
local function shorten(text)
	if #text <= text_limit then return text; end
	local last = text_limit;
	while last > 0 and text:find("^[\128-\191]", last + 1) do last = last - 1; end
	return text:sub(1, last);
end

-- The stored request of a contact, or nil: nothing waits.
local function stored_request(username, contact)
	local stored = rostermanager.load_roster(username, host)[false].pending[contact];
	if stored == nil then return nil; end
	local request = type(stored) == "table" and st.deserialize(stored) or st.presence();
	request.attr.type, request.attr.from, request.attr.to = "subscribe", contact, bare(username);
	return request;
end

local function is_pending(username, contact)
	return rostermanager.is_contact_pending_in(username, host, contact);
end

-- <request/>, as text: it is written into asks and the pending list many times as often as it is looked at.
local function request_xml(id, request, roster)
	local attr = request.attr;
	local xml = {
		"<request id='", id, "'><forwarded xmlns='urn:xmpp:forward:0'><presence xmlns='jabber:client' type='subscribe' from='",
		xml_escape(attr.from), "' to='", xml_escape(attr.to), "'>"
	};
	local status, nick = request:get_child_text("status"), request:get_child_text("nick", xmlns_nick);
	if status then xml[#xml + 1] = "<status>" .. xml_escape(shorten(status)) .. "</status>"; end
	if nick then xml[#xml + 1] = "<nick xmlns='" .. xmlns_nick .. "'>" .. xml_escape(shorten(nick)) .. "</nick>"; end
	xml[#xml + 1] = "</presence></forwarded>";
	local item = roster[attr.from];
	if item then
		xml[#xml + 1] = "<item xmlns='jabber:iq:roster' jid='" .. xml_escape(attr.from) .. "'";
		for _, name in ipairs { "subscription", "ask", "approved" } do
			if item[name] then xml[#xml + 1] = " " .. name .. "='" .. xml_escape(item[name]) .. "'"; end
		end
		xml[#xml + 1] = "/>";
	end
	xml[#xml + 1] = "</request>";
	return table.concat(xml);
end

local function iq_xml(kind, id, to, payload)
	return "<iq type='" .. kind .. "' id='" .. xml_escape(id) .. "' from='" .. xml_escape(host) .. "' to='" .. xml_escape(to) .. "'>"
		.. payload .. "</iq>";
end

-- Text goes past the stanza filters, so stream management (XEP-0198) would not count it.
local function send_xml(session, xml)
	return session.send(session.smacks and parse_xml(xml) or xml);
end

---- Entities ----

local entities, is_entity = {}, {}; -- the privileged entities' addresses, in the order in which they are asked
for address in pairs(module:get_option("privileged_entities", {})) do
	entities[#entities + 1], is_entity[address] = address, true;
end
table.sort(entities);

-- mod_privilege sets and checks session.privileges; "set" on our namespace is the permission to answer.
local function is_granted(session)
	local privileges = session.privileges and session.privileges[host];
	local permission = privileges and privileges.iq and privileges.iq[xmlns];
	return permission and permission.set;
end

local function may_answer(session, from)
	return is_granted(session) and is_entity[jid.bare(from)];
end

-- Of several resources of an account only those count that have read the pending list: the others are
-- somebody looking after the account with a chat client.
local function account_session(address, leaving)
	local user = bare_sessions[address];
	local first, only, count = nil, nil, 0;
	for _, session in pairs(user and user.sessions or {}) do
		if session ~= leaving and session.presence and not session.hibernating and is_granted(session) then
			only, count = session, count + 1;
			if readers[session] and (not first or session.full_jid < first.full_jid) then first = session; end
		end
	end
	return first or count == 1 and only or nil;
end

local function component_session(address, leaving)
	local component = hosts[address] and hosts[address].modules.component;
	local session = component and component.session;
	return session and session ~= leaving and is_granted(session) and session or nil;
end

-- The session to ask, and its address. `leaving`: a session that is about to end but is still registered.
local function connected_entity(leaving)
	for _, address in ipairs(entities) do
		local session = component_session(address, leaving);
		if session then return session, address; end
		session = account_session(address, leaving);
		if session then return session, session.full_jid; end
	end
end

-- XEP-0356 section 4.2. mod_privilege sends it at login; here it is a hint to read the pending list again.
local function advertise(session, address)
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

---- The pending list ----

-- Rosters are the truth. This index of them holds every request that is stored and not held; whatever else it
-- holds is found out when a page is made.
--   order: entries { seq, username, contact, gone } by seq; of[username][contact] = entry; size: those not gone;
--   readers: functions to call when the walk through the rosters is done, nil afterwards
local function pending_remove(username, contact)
	local entry = pending and pending.of[username] and pending.of[username][contact];
	if not entry then return; end
	pending.of[username][contact] = nil;
	if not next(pending.of[username]) then pending.of[username] = nil; end
	entry.gone, pending.size = true, pending.size - 1;
	if #pending.order > 2 * pending.size + 100 then
		local order = {};
		for _, other in ipairs(pending.order) do
			if not other.gone then order[#order + 1] = other; end
		end
		pending.order = order;
	end
end

local function pending_add(username, contact)
	if not pending or held[username] and held[username][contact] then return; end
	local entries = pending.of[username] or {};
	if entries[contact] then return; end
	pending.last, pending.size = pending.last + 1, pending.size + 1;
	pending.of[username] = entries;
	entries[contact] = { seq = pending.last, username = username, contact = contact };
	pending.order[#pending.order + 1] = entries[contact];
end

-- Reads all rosters once, a slice at a time. The names are taken first: not every storage lets others use it
-- while it lists them.
local function pending_build(on_ready)
	pending = { tag = new_id.short() .. "-", order = {}, of = {}, size = 0, last = 0, readers = { on_ready } };
	local usernames = {};
	for username in module:open_store("roster"):users() do usernames[#usernames + 1] = username; end
	local position = 0;
	module:add_timer(0, function ()
		local slice_end = monotonic() + slice;
		repeat
			position = position + 1;
			local username = usernames[position];
			if not username then
				local ready = pending.readers;
				pending.readers = nil;
				for _, callback in ipairs(ready) do callback(); end
				return;
			end
			for contact in pairs(rostermanager.load_roster(username, host)[false].pending) do
				pending_add(username, contact);
			end
		until monotonic() > slice_end;
		return 0;
	end);
end

-- Index in `order` of the first entry after `seq`.
local function position_after(order, seq)
	local low, high = 1, #order + 1;
	while low < high do
		local middle = math.floor((low + high) / 2);
		if order[middle].seq <= seq then low = middle + 1; else high = middle; end
	end
	return low;
end

local function entries_of(username)
	local entries = {};
	for _, entry in pairs(pending.of[username] or {}) do entries[#entries + 1] = entry; end
	table.sort(entries, function (a, b) return a.seq < b.seq; end);
	return entries;
end

-- XEP-0059: a page of at most `max` entries after `seq`.
local function pending_page(username, seq, max)
	local order = username and entries_of(username) or pending.order;
	local xml, first, last, count = {}, nil, nil, 0;
	local position = position_after(order, seq);
	while count < max and order[position] do
		local entry = order[position];
		position = position + 1;
		local request = not entry.gone and stored_request(entry.username, entry.contact);
		if request and not (held[entry.username] and held[entry.username][entry.contact]) then
			last, count = pending.tag .. entry.seq, count + 1;
			first = first or last;
			xml[count] = request_xml(last, request, rostermanager.load_roster(entry.username, host));
		elseif not entry.gone then
			pending_remove(entry.username, entry.contact);
		end
	end
	local total = username and #entries_of(username) or pending.size;
	return "<pending xmlns='" .. xmlns .. "'>" .. table.concat(xml) .. "<set xmlns='" .. xmlns_rsm .. "'>"
		.. (first and "<first>" .. first .. "</first><last>" .. last .. "</last>" or "") .. "<count>" .. total .. "</count></set></pending>";
end

---- Ending a hold ----

-- Every way out of "queued" and "asked" leads through here. False: the hold has already ended.
local function finish(hold, outcome)
	if hold.state ~= "queued" and hold.state ~= "asked" then return false; end
	local of_user = held[hold.username];
	of_user[hold.contact] = nil;
	if not next(of_user) then held[hold.username] = nil; end
	held_count = held_count - 1;
	hold.state = outcome;
	hold.timer:stop();
	return true;
end

-- Would the server let this request in now? It is sent through the same hooks once more, to see whether it
-- comes as far as our own: blocking a domain does not clear what is pending, and mod_presence would approve
-- before mod_blocklist objects.
local trial, trial_passed;
local function is_admitted(request)
	local from_host = jid.host(request.attr.from);
	trial, trial_passed = st.clone(request), false;
	core_post_stanza({
		type = hosts[from_host] and "c2s" or "s2sin", host = from_host, from_host = from_host, to_host = host,
		full_jid = request.attr.from, log = module._log, send = function () return true; end;
	}, trial);
	trial = nil;
	return trial_passed;
end

-- What mod_presence does with a request, delayed: acknowledge it (RFC 6121 section 3.1.3), once per `subscribe`
-- that was received, and deliver it.
local function deliver(hold)
	if not is_pending(hold.username, hold.contact) then return; end
	pending_add(hold.username, hold.contact);
	for _ = 1, hold.received do
		core_post_stanza(host_session, st.presence({ from = bare(hold.username), to = hold.contact, type = "unavailable" }), true);
	end
	send_to_available_resources(hold.username, host, hold.request);
end

local function leave_to_user(hold)
	if not finish(hold, "left") then return; end
	if hold.blocked and not is_admitted(hold.request) then return; end
	deliver(hold);
end

local function leave_all_to_users()
	local holds = {};
	for _, of_user in pairs(held) do
		for _, hold in pairs(of_user) do holds[#holds + 1] = hold; end
	end
	table.sort(holds, function (a, b) return a.number < b.number; end);
	queue = {};
	for _, hold in ipairs(holds) do leave_to_user(hold); end
	return #holds;
end

-- Answers as the user, through the server's own code for her own stanzas; false if the request still waits
-- afterwards. Only for a pending request: otherwise `subscribed` stores a pre-approval (RFC 6121 section 3.4).
local function act_as_user(username, contact, verdict, ask_back)
	local self = bare(username);
	local roster = rostermanager.load_roster(username, host);
	local get_role = rawget(host_session.authz, "get_user_role"); -- Prosody 13
	local origin = {
		type = "c2s", username = username, host = host, full_jid = self, roster = roster,
		role = get_role and get_role(username), log = module._log, send = function () return true; end;
	};
	if verdict == "subscribed" and not bare_sessions[self] then
		-- mod_presence would look at the contact's roster, which knows nothing yet, and send nothing.
		if rostermanager.subscribed(username, host, contact) then
			core_post_stanza(host_session, st.presence({ from = self, to = contact, type = "subscribed" }));
		end
	else
		core_post_stanza(origin, st.presence({ from = self, to = contact, type = verdict }), true);
	end
	if roster[false].pending[contact] ~= nil then return false; end
	local item = roster[contact];
	if verdict == "subscribed" and ask_back
		and not (item and (item.ask or item.subscription == "to" or item.subscription == "both")) then
		core_post_stanza(origin, st.presence({ from = self, to = contact, type = "subscribe" }), true);
	end
	return true;
end

---- Asking ----

local ask_next; -- forward declaration

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
	asks[ask.id], in_flight, last_sent = ask, ask, ask.sent;
	ask.timer = module:add_timer(answer_lifetime, function () forget(ask); end);
	if asking ~= address then
		asking = address;
		module:log("info", "Subscription requests are put to %s", address);
	end
	send_without_delay(session.conn);
	send_xml(session, iq_xml("set", ask.id, address, "<requests xmlns='" .. xmlns .. "'>" .. table.concat(xml) .. "</requests>"));
end

local function on_wake()
	wake = nil;
	ask_next();
end

local function wake_in(delay, now)
	if wake then
		if wake_at <= now + delay then return; end
		wake:stop();
	end
	wake, wake_at = module:add_timer(delay, on_wake), now + delay;
end

-- Puts what is queued to the entity, as soon as one ask at a time and the gap between two allow.
function ask_next(leaving)
	if not queue[1] then return; end
	local now = monotonic();
	local delay = last_sent + ask_gap - now;
	if in_flight then delay = math.max(delay, in_flight.sent + ask_patience - now); end
	if delay > 0 then return wake_in(delay, now); end
	local session, address = connected_entity(leaving);
	if not session then
		leave_all_to_users();
		return;
	end
	local holds, rest = {}, {};
	for _, hold in ipairs(queue) do
		if hold.state == "queued" then
			if #holds < ask_size then holds[#holds + 1] = hold; else rest[#rest + 1] = hold; end
		end
	end
	queue = rest;
	if holds[1] then send_ask(session, address, holds); end
	if rest[1] then wake_in(ask_gap, now); end
end

---- Answers ----

local verdicts = { subscribed = true, unsubscribed = true, none = true };

local function wants_ask_back(answer)
	return answer.attr["ask-back"] == "true" or answer.attr["ask-back"] == "1";
end

-- The answer to a hold that is still there.
local function answer_hold(hold, verdict, ask_back)
	if verdict ~= "subscribed" and verdict ~= "unsubscribed" then return leave_to_user(hold); end
	if not finish(hold, "answered") or not is_pending(hold.username, hold.contact) then return; end
	if hold.blocked and not is_admitted(hold.request) then return; end
	if not act_as_user(hold.username, hold.contact, verdict, ask_back) then deliver(hold); end
end

-- An answer to what waits, held or not. False: there is nothing to answer, or the server would not let the
-- request in any more.
local function answer_waiting(username, contact, verdict, ask_back)
	local request = stored_request(username, contact);
	local hold = held[username] and held[username][contact];
	if not request or not is_admitted(request) then return false; end
	if hold then
		answer_hold(hold, verdict, ask_back);
	elseif verdict ~= "none" then
		if not act_as_user(username, contact, verdict, ask_back) then return false; end
		pending_remove(username, contact);
	end
	return true;
end

-- Replies to asks. They count only from the address that was asked; an answer that comes after the user has
-- got the request still counts, so that what the entity has on record is what happened.
local function on_iq(event)
	local session, stanza = event.origin, event.stanza;
	local kind = stanza.attr.type;
	local ask = (kind == "result" or kind == "error") and asks[stanza.attr.id];
	if not ask then return; end
	if stanza.attr.from ~= ask.address or not is_granted(session) then
		report("Replies from somebody who was not asked, ignored: %d");
		return true;
	end
	forget(ask);
	local answers = kind == "result" and stanza:get_child("answers", xmlns);
	for answer in (answers or st.stanza("answers")):childtags("answer") do
		local hold = ask.by_id[answer.attr.id];
		local verdict = answer.attr.type;
		ask.by_id[answer.attr.id or ""] = nil;
		if hold and hold.ask == ask and hold.state == "asked" then
			answer_hold(hold, verdict, wants_ask_back(answer));
		elseif hold and hold.state == "left" and verdicts[verdict] and verdict ~= "none" then
			answer_waiting(hold.username, hold.contact, verdict, wants_ask_back(answer));
		end
	end
	for _, hold in ipairs(ask.holds) do
		if hold.ask == ask and hold.state == "asked" then leave_to_user(hold); end
	end
	ask_next();
	return true;
end

local function refuse(event, kind, condition)
	event.origin.send(st.error_reply(event.stanza, kind, condition));
	return true;
end

-- <answer/> in an IQ of the entity's own: a later answer.
local function on_answer(event)
	local session, stanza = event.origin, event.stanza;
	if not may_answer(session, stanza.attr.from) then return refuse(event, "auth", "forbidden"); end
	local answer = stanza.tags[1];
	local attr = answer.attr;
	if #stanza.tags ~= 1 or not verdicts[attr.type] or not attr.user or not attr.contact then
		return refuse(event, "modify", "bad-request");
	end
	local username, user_host, user_resource = jid.prepped_split(attr.user);
	local contact = jid.prep(attr.contact);
	if not user_host or not contact then return refuse(event, "modify", "jid-malformed"); end
	if not username or user_host ~= host or user_resource
		or not answer_waiting(username, contact, attr.type, wants_ask_back(answer)) then
		return refuse(event, "cancel", "item-not-found");
	end
	session.send(st.reply(stanza));
	return true;
end

-- <pending/>: what waits, in pages (XEP-0059).
local function on_pending(event)
	local session, stanza = event.origin, event.stanza;
	local address = stanza.attr.from;
	if not may_answer(session, address) then return refuse(event, "auth", "forbidden"); end
	readers[session] = true;
	local query = stanza.tags[1];
	local username;
	if query.attr.user then
		local user_host, resource;
		username, user_host, resource = jid.prepped_split(query.attr.user);
		if not user_host then return refuse(event, "modify", "jid-malformed"); end
		if not username or user_host ~= host or resource or not user_exists(username, host) then
			return refuse(event, "cancel", "item-not-found");
		end
	end
	local set = query:get_child("set", xmlns_rsm);
	local max_text, after = set and set:get_child_text("max"), set and set:get_child_text("after");
	local max = max_text and tonumber(max_text:match("^%s*(%d+)%s*$"));
	if max_text and not max then return refuse(event, "modify", "bad-request"); end
	if set and (set:get_child("before") or set:get_child("index")) then return refuse(event, "cancel", "feature-not-implemented"); end

	local function reply()
		if session.destroyed then return; end
		local seq = 0;
		if after then
			seq = after:sub(1, #pending.tag) == pending.tag and tonumber(after:match("^%d+$", #pending.tag + 1));
			if not seq then return refuse(event, "cancel", "item-not-found"); end
		end
		send_xml(session, iq_xml("result", stanza.attr.id, address, pending_page(username, seq, math.min(max or page_size, page_size))));
	end
	if not pending then
		pending_build(reply);
	elseif pending.readers then
		table.insert(pending.readers, reply);
	else
		reply();
	end
	return true;
end

---- Holding ----

local function on_timeout(hold)
	report("Requests left to their users because no answer came in time: %d");
	leave_to_user(hold);
end

local function hold_request(origin, request, username, contact, roster)
	last_hold = last_hold + 1;
	local hold = {
		id = ("%x"):format(last_hold), number = last_hold, state = "queued", received = 1,
		username = username, contact = contact, request = request,
	};
	hold.xml = request_xml(hold.id, request, roster);
	hold.timer = module:add_timer(hold_timeout, function () on_timeout(hold); end);
	held[username] = held[username] or {};
	held[username][contact] = hold;
	held_count = held_count + 1;
	queue[#queue + 1] = hold;
	pending_remove(username, contact);
	if origin.type == "c2s" then send_without_delay(origin.conn); end
	ask_next();
end

-- Whatever mod_presence handles without asking the user stays with it: return nothing.
local function on_subscribe(event, username, contact)
	if rostermanager.is_contact_subscribed(username, host, contact) then return; end
	local roster = rostermanager.load_roster(username, host);
	local item = roster[contact];
	local hold = held[username] and held[username][contact];
	if roster[false].pending[contact] ~= nil then
		if not hold then return; end
		hold.received = hold.received + 1; -- a duplicate
		return true;
	end
	if hold then finish(hold, "withdrawn"); end -- meanwhile answered or blocked by the user, and this is a new request
	if item and item.approved == "true" then return; end
	local entity = connected_entity();
	if entity and held_count >= max_held then
		report("Requests passed to their users at once, because too many wait for an answer: %d");
		entity = nil;
	end
	if not entity then
		if pending and user_exists(username, host) then pending_add(username, contact); end
		return;
	end
	local request = st.clone(event.stanza);
	request.attr.from, request.attr.to = contact, bare(username);
	if not rostermanager.set_contact_pending_in(username, host, contact, request) then return; end -- unknown user, or storage fails
	hold_request(event.origin, request, username, contact, roster);
	return true;
end

-- Below mod_blocklist (100) and mod_firewall (0.1), above mod_presence (0).
local function on_presence(event)
	local stanza = event.stanza;
	if stanza == trial then
		trial_passed = true;
		return true;
	end
	local kind = stanza.attr.type;
	if kind ~= "subscribe" and kind ~= "unsubscribe" or not stanza.attr.to or not stanza.attr.from then return; end
	local username, contact = jid.node(stanza.attr.to), jid.bare(stanza.attr.from);
	if contact == bare(username) then return; end
	if kind == "subscribe" then return on_subscribe(event, username, contact); end
	local hold = held[username] and held[username][contact];
	if hold then finish(hold, "withdrawn"); end
	pending_remove(username, contact);
end
module:hook("presence/bare", on_presence, 0.05);
module:hook("presence/full", on_presence, 0.05);

-- The user answers herself.
local function on_outgoing(event)
	local attr = event.stanza.attr;
	if pending and (attr.type == "subscribed" or attr.type == "unsubscribed") and attr.to then
		pending_remove(jid.node(attr.from), jid.bare(attr.to));
	end
end
module:hook("pre-presence/bare", on_outgoing, 0.05);
module:hook("pre-presence/full", on_outgoing, 0.05);
module:hook("pre-presence/host", on_outgoing, 0.05);

-- A user who comes online is sent what is pending (RFC 6121 section 3.1.3); what is held must wait.
module:hook("presence/initial", function (event)
	local session = event.origin;
	if not held[session.username] then return; end
	local function keep_held(stanza)
		local of_user = held[session.username];
		if of_user and stanza.name == "presence" and stanza.attr.type == "subscribe" and of_user[stanza.attr.from] then return nil; end
		return stanza;
	end
	filters.add_filter(session, "stanzas/out", keep_held);
	module:add_timer(0, function () filters.remove_filter(session, "stanzas/out", keep_held); end);
end);

-- A hold of hers is only ended by what the blocklist still lets in.
module:hook("iq-set/self/urn:xmpp:blocking:block", function (event)
	for _, hold in pairs(held[event.origin.username] or {}) do hold.blocked = true; end
end);

module:hook_global("user-deleted", function (event)
	if event.host ~= host then return; end
	for _, hold in pairs(held[event.username] or {}) do finish(hold, "withdrawn"); end
	for contact in pairs(pending and pending.of[event.username] or {}) do pending_remove(event.username, contact); end
end);

---- The protocol's IQs ----

module:add_feature(xmlns);
module:hook("iq/host", on_iq, 1);
module:hook("iq-set/host/" .. xmlns .. ":answer", on_answer);
module:hook("iq-get/host/" .. xmlns .. ":pending", on_pending);

---- Coming and going of entities ----

local function on_entity_lost(event)
	local session = event.session;
	if not is_granted(session) then return; end
	local again = {};
	for _, ask in pairs(asks) do
		if ask.session == session then
			forget(ask);
			for _, hold in ipairs(ask.holds) do
				if hold.ask == ask and hold.state == "asked" then again[#again + 1] = hold; end
			end
		end
	end
	table.sort(again, function (a, b) return a.number < b.number; end);
	for _, hold in ipairs(again) do hold.state, hold.ask = "queued", nil; end
	for _, hold in ipairs(queue) do again[#again + 1] = hold; end
	queue = again;
	local _, address = connected_entity(session);
	if address then
		last_sent = -ask_gap;
		return ask_next(session);
	end
	local count = leave_all_to_users();
	if asking then
		module:log("info", "Subscription requests are left to users: %s is gone (%d were waiting for its answer)", asking, count);
		asking = nil;
	end
end

-- mod_privilege gives an account its permissions on the account's own host only: here it is told about the login,
-- as mod_privilege tells the other hosts about a component's.
local function on_foreign_login(event)
	local session = event.session;
	if not session.username or not is_entity[jid.join(session.username, session.host)] then return; end
	for callback in module:shared("/*/privilege/session").connected_cb:items() do callback(event); end
end

local function on_foreign_presence(event)
	if is_granted(event.origin) then advertise(event.origin, event.origin.full_jid); end
end

local entity_hosts = {};
for _, address in ipairs(entities) do entity_hosts[jid.host(address)] = true; end

local function watch(entity_host)
	if not entity_hosts[entity_host] or not hosts[entity_host] then return; end
	local events = hosts[entity_host].events;
	module:hook_object_event(events, "component-disconnected", on_entity_lost);
	module:hook_object_event(events, "resource-unbind", on_entity_lost);
	if entity_host == host then return; end
	module:hook_object_event(events, "authentication-success", on_foreign_login, -1);
	module:hook_object_event(events, "presence/initial", on_foreign_presence);
end
module:hook_global("host-activated", watch);

-- mod_privilege greets every user with an empty <privilege/>; those without permissions are to see nothing of it.
module:hook("authentication-success", function (event)
	local privileges = event.session.privileges;
	if privileges and privileges[host] and not next(privileges[host]) then privileges[host] = nil; end
end, -1);

---- Loading and unloading ----

function module.load()
	for entity_host in pairs(entity_hosts) do watch(entity_host); end
	for _, address in ipairs(entities) do
		local component = component_session(address);
		if component then advertise(component, address); end
		for _, session in pairs(bare_sessions[address] and bare_sessions[address].sessions or {}) do
			if session.presence and is_granted(session) then advertise(session, session.full_jid); end
		end
	end
end

function module.unload()
	leave_all_to_users();
	for conn, changed in pairs(nodelay) do
		if changed then set_nodelay(conn, false); end
	end
end
