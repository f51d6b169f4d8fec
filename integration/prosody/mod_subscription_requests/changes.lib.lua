-- Tells entities that what they may read of accounts has changed (S95 to S97), for each part of the protocol by itself.

local st = require "util.stanza";
local new_id = require "util.id";

local host = module.host;
local gap = 5; -- seconds between two messages
local max_persons = 100; -- in one message

-- For those who have the grant: a function to call with the name of somebody who is about to change. Accounts that come
-- and go are noticed here.
return function (connector, grant)
	local changed, is_known, anybody = {}, {}, true; -- since the last message; true: S97, this part has just been loaded
	local is_waiting = false; -- for the time of the next message

	local function tell(session, address, usernames)
		local message = st.message({ from = host, to = address, id = new_id.medium() })
			:tag("changed", { xmlns = grant.namespace });
		for _, username in ipairs(usernames) do message:tag("person", { jid = username .. "@" .. host }):up(); end
		session.send(message);
	end

	-- Returns the seconds after which to call it again.
	local function tell_all()
		is_waiting = changed[1] ~= nil or anybody;
		if not is_waiting then return nil; end
		local usernames = anybody and {} or changed;
		changed, is_known, anybody = {}, {}, false;
		connector.for_each_connection(grant, function (session, address)
			local is_there = session.type == "component" or session.presence;
			if is_there and connector.has_grant(session, grant) then tell(session, address, usernames); end
		end);
		return gap;
	end

	-- After what is going on now, which is what changes it.
	local function tell_soon()
		if is_waiting then return; end
		is_waiting = true;
		module:add_timer(0, tell_all);
	end

	local function note(username)
		if not is_known[username] then changed[#changed + 1], is_known[username] = username, true; end
		if #changed > max_persons then changed, anybody = {}, true; end
		tell_soon();
	end

	local function on_account(event)
		if event.host == host then note(event.username); end
	end

	module:hook("user-registered", on_account);
	module:hook_global("user-enabled", on_account); -- what Prosody 13 says of `prosodyctl adduser`
	module:hook_global("user-deleted", on_account);
	tell_soon();
	return note;
end
