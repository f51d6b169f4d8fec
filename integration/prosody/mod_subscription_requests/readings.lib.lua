-- Readings of a list of the accounts: its pages are made from the addresses as they were when the reading began, so that
-- those who come and go do not move others to another page (S85 to S90).

local jid = require "util.jid";
local new_id = require "util.id";

local lifetime = 60; -- seconds for which a reading is remembered after a page
local max_readings = 4; -- of one entity's address
local piece = 1000; -- addresses that are sorted at once, which takes less than a millisecond

local host = module.host;
local users = prosody.hosts[host];

-- Of two sorted lists one.
local function merge(a, b, pause)
	local merged, i, j = {}, 1, 1;
	while a[i] or b[j] do
		pause();
		if not b[j] or a[i] and a[i] < b[j] then
			merged[#merged + 1], i = a[i], i + 1;
		else
			merged[#merged + 1], j = b[j], j + 1;
		end
	end
	return merged;
end

-- table.sort() cannot be interrupted.
local function sort_pieces(pieces, pause)
	for _, list in ipairs(pieces) do
		table.sort(list);
		pause();
	end
	while pieces[2] do
		local longer = {};
		for i = 1, #pieces, 2 do
			longer[#longer + 1] = pieces[i + 1] and merge(pieces[i], pieces[i + 1], pause) or pieces[i];
		end
		pieces = longer;
	end
	return pieces[1] or {};
end

-- A name that is no part of an address is nobody's.
local function list_addresses(pause)
	local pieces, last = {}, nil;
	for username in users.users.users() do
		pause();
		if not last or #last == piece then
			last = {};
			pieces[#pieces + 1] = last;
		end
		local address = username .. "@" .. host;
		if jid.prep(address) == address then last[#last + 1] = address; end
	end
	return sort_pieces(pieces, pause);
end

-- `person_xml`: makes the XML of one of the persons, by the account's name.
return function (connector, person_xml)
	local of = {}; -- [entity's address] = readings { tag, addresses, timer }, oldest first

	local function forget(owner, reading)
		for i, other in ipairs(of[owner] or {}) do
			if other == reading then table.remove(of[owner], i); end
		end
		if of[owner] and not of[owner][1] then of[owner] = nil; end
	end

	local function remember(owner, reading)
		if reading.timer then reading.timer:stop(); end
		reading.timer = module:add_timer(lifetime, function () forget(owner, reading); end);
	end

	local readings = {};

	-- S90: not every source of accounts lists them. One that has no function for it has one of Prosody's, for nothing.
	function readings.can_begin() return rawget(users.users, "users") ~= nil; end

	-- Waits. An error: the accounts cannot be listed now.
	function readings.begin(owner)
		local reading = { owner = owner, tag = new_id.short(), addresses = list_addresses(connector.pause) };
		local all = of[owner] or {};
		of[owner] = all;
		all[#all + 1] = reading;
		remember(owner, reading);
		if #all > max_readings then table.remove(all, 1).timer:stop(); end
		return reading;
	end

	function readings.id(reading, position) return ("%s-%d"):format(reading.tag, position); end

	-- The reading of this entity, and the position in it, to which the id belongs. Nil: none.
	function readings.find(owner, id)
		local tag, position = id:match("^(.*)%-([1-9]%d*)$");
		position = tonumber(position);
		for _, reading in ipairs(of[owner] or {}) do
			if reading.tag == tag and position <= #reading.addresses then return reading, position; end
		end
	end

	-- Those who still have an account. Who cannot be told (S81) is taken to: one damaged file hides nobody else.
	local function remaining(usernames)
		local found = connector.find_accounts(usernames);
		if found then return found; end
		found = {};
		for _, username in ipairs(usernames) do
			local alone = connector.find_accounts { username };
			found[username] = not alone or alone[username];
		end
		return found;
	end

	-- Waits. XML of at most `max` of the persons after the position, and the positions of the first and the last of them.
	function readings.page(reading, position, max)
		local persons, first, last = {}, nil, nil;
		while #persons < max and position < #reading.addresses do
			local usernames = {};
			for i = position + 1, math.min(position + max - #persons, #reading.addresses) do
				usernames[#usernames + 1] = reading.addresses[i]:sub(1, -#host - 2);
			end
			local found = remaining(usernames);
			for _, username in ipairs(usernames) do
				position = position + 1;
				if found[username] then
					connector.pause();
					persons[#persons + 1] = person_xml(username);
					first, last = first or position, position;
				end
			end
		end
		remember(reading.owner, reading);
		return table.concat(persons), first, last;
	end

	return readings;
end
