-- Which users are available to a viewer, and how (S98 to S101).

local jid = require "util.jid";
local open_store = require "core.storagemanager".open;

local hosts = prosody.hosts;
local sessions = hosts[module.host].sessions; -- by username

local rank = { chat = 5, available = 4, away = 3, xa = 2, dnd = 1 };

local everybody = setmetatable({}, { __index = function () return true; end });

-- mod_privacy_lists has other rules; whoever uses them is available to nobody.
local function has_privacy_list(username, user_host)
	local user = hosts[user_host].modules.privacy_lists and hosts[user_host].sessions[username];
	if not user then return false; end
	for _, session in pairs(user.sessions) do
		if session.activePrivacyList then return true; end
	end
	return user.privacy_lists and user.privacy_lists.default;
end

local stores = {}; -- of blocklists, by host
local function store_of(user_host)
	stores[user_host] = stores[user_host] or open_store(user_host, "blocklist");
	return stores[user_host];
end

-- Whom the account blocks (XEP-0191), as mod_blocklist stores it: addresses of all forms as keys.
local function blocklist_of(username, user_host)
	if has_privacy_list(username, user_host) then return everybody; end
	local store = store_of(user_host);
	local ok, list, fault = pcall(store.get, store, username);
	if not ok or fault or list and type(list) ~= "table" then return everybody; end
	return list or {};
end

local function blocks(list, address)
	return list[address] or list[jid.bare(address)] or list[jid.host(address)];
end

-- The `show` of the resource that counts, of those whose address is not in the list. Nil: none.
local function best_show(user, hidden)
	local best, best_priority = nil, nil;
	for _, session in pairs(user.sessions) do
		local priority = session.priority or 0;
		if session.presence and priority >= 0 and not hidden[session.full_jid] then
			local show = session.presence:get_child_text("show");
			if not rank[show] then show = "available"; end
			if not best or priority > best_priority or priority == best_priority and rank[show] > rank[best] then
				best, best_priority = show, priority;
			end
		end
	end
	return best;
end

-- For the viewer, a prepared address of any form: a function that tells how a user is available. Nil: not at all.
return function (viewer)
	local name, viewer_host = jid.split(viewer);
	local is_ours = name and hosts[viewer_host] and hosts[viewer_host].type == "local";
	local of_viewer = is_ours and blocklist_of(name, viewer_host) or {};
	return function (username)
		local show = sessions[username] and best_show(sessions[username], of_viewer);
		if not show or blocks(of_viewer, username .. "@" .. module.host) then return nil; end
		return not blocks(blocklist_of(username, module.host), viewer) and show or nil;
	end;
end
