-- Fills a server for a measurement: accounts user-1 to user-N, each with contacts already in the roster.

local create_user = require "core.usermanager".create_user;

local users = module:get_option_number("bench_users", 0);
local contacts = module:get_option_number("bench_contacts", 0);
local password = module:get_option_string("bench_password");

module:hook_global("server-started", function ()
	local rosters = module:open_store("roster");
	local roster = { [false] = { version = 1, pending = {} } };
	for number = 1, contacts do
		roster["contact-" .. number .. "@verona.lit"] = { subscription = "from", groups = {} };
	end
	for number = 1, users do
		local username = "user-" .. number;
		create_user(username, password, module.host);
		if contacts > 0 then rosters:set(username, roster); end
	end
	module:log("warn", "filled");
end);
