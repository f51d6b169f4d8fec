-- What is stored of an account about archiving: the preferences (XEP-0441), which are mod_mam's, and our own lock on them.

local sha256 = require "util.hashes".sha256;

local mam = module:require "mod_mam/mamprefs"; -- mod_mam's own way to them

local host_session = prosody.hosts[module.host];
local preferences = module:open_store(module:get_option_string("archive_store", "archive") .. "_prefs");
local locks = module:open_store("subscription_requests_archive"); -- { default, since }; goes with the account, as every store

local words = { [true] = "always", [false] = "never", roster = "roster" };
local values = { always = true, never = false, roster = "roster" };

-- The table that is stored. Nil: none, or `fault` says why it cannot be read.
local function read(store, username)
	local ok, value, fault = pcall(store.get, store, username);
	if not ok then return nil, value; end
	if fault or value ~= nil and type(value) ~= "table" then return nil, fault or "not a table"; end
	return value;
end

-- What is damaged is this user's alone, if the storage answers about nobody.
local function is_damage(store)
	local _, fault = read(store, "");
	return not fault;
end

local unreadable = {}; -- logged once
local function log_damage(what, username, fault)
	local place = what .. "\0" .. username;
	if unreadable[place] then return; end
	unreadable[place] = true;
	module:log("error", "The %s of %s cannot be read: %s", what, username, fault);
end

-- False: there is none. A damaged one forbids everything, as nobody knows what it forbade.
local function read_lock(username)
	if locks.name == "null" then return false; end -- Prosody stores nothing here: there can be no lock
	local lock, fault = read(locks, username);
	if not fault then return lock and next(lock) ~= nil and lock or false; end -- the storage "none" has an empty one for everybody
	if not is_damage(locks) then error(fault, 0); end
	log_damage("lock on the archiving preferences", username, fault);
	return { default = "never" };
end

-- As mod_mam takes it: one that says nothing archives nothing.
local function default_of(stored) return words[stored[false] or false] or "always"; end

local lock_of_online = setmetatable({}, { __mode = "k" }); -- [the user's entry among the host's sessions] = lock, or false

local M = {};

-- What applies to those who have no preferences.
function M.server_default() return default_of(mam.get("")); end

-- always, roster or never. Nil: the account has no preferences; so it is for mod_mam when they are damaged.
function M.default(username)
	local stored, fault = read(preferences, username);
	if fault and not is_damage(preferences) then error(fault, 0); end
	if fault then log_damage("archiving preferences", username, fault); end
	return stored and default_of(stored);
end

-- { default, since } or false; `since`: seconds since 1970. Fails if that cannot be told.
function M.lock(username)
	local user = host_session.sessions[username];
	local lock = lock_of_online[user or false];
	if lock == nil then
		lock = read_lock(username);
		if user then lock_of_online[user] = lock; end
	end
	return lock;
end

-- A digest of what `default` and `lock` have said. Not of the lists of addresses: whoever has it could try whom the user has put there.
function M.mark(default, lock)
	local since = lock and tonumber(lock.since);
	return sha256(("%s,%s,%s"):format(default or "none", lock and lock.default or "none", since and math.floor(since) or ""), true);
end

local function set_lock(username, lock)
	local user = host_session.sessions[username];
	if user then lock_of_online[user] = nil; end
	return locks:set(username, lock or nil);
end

function M.forget_lock(username) return set_lock(username, false); end

-- With a lock the lists of addresses that the user has made go, without they stay. Nil: it could not be stored, and
-- nothing has changed, as far as the storage lets that be.
function M.set(username, default, is_locked)
	local before = M.lock(username);
	local stored, fault = read(preferences, username);
	if not is_locked and fault then -- a lock can be taken away all the same
		if before and is_damage(preferences) then return set_lock(username, false); end
		return nil, fault;
	end
	local changed = {};
	for address, value in pairs(not is_locked and stored or {}) do changed[address] = value; end
	changed[false] = values[default];
	-- The lock comes first and goes last.
	if is_locked then
		local since = before and before.default == default and before.since or os.time();
		local ok, why = set_lock(username, { default = default, since = since });
		if not ok then return nil, why; end
	end
	local ok, why = mam.set(username, changed);
	if not ok then
		local user = host_session.sessions[username];
		if user then rawset(user, "archive_prefs", stored); end
		if is_locked then set_lock(username, before); end
		return nil, why;
	end
	if before and not is_locked then return set_lock(username, false); end
	return true;
end

return M;
