-- Fills a server for a measurement: accounts user-1 to user-N, each with contacts already in the roster, and with a vCard4
-- if the host has mod_pep: user-417 is Given017 Family417.

local create_user = require "core.usermanager".create_user;
local st = require "util.stanza";

local users = module:get_option_number("bench_users", 0);
local contacts = module:get_option_number("bench_contacts", 0);
local password = module:get_option_string("bench_password");
local modules = prosody.hosts[module.host].modules;

local vcard4 = "urn:ietf:params:xml:ns:vcard-4.0";
local node = "urn:xmpp:vcard4";

local function publish_vcard(username, number)
	local given, family = ("Given%03d"):format(number % 400), "Family" .. number;
	local item = st.stanza("item", { xmlns = "http://jabber.org/protocol/pubsub", id = "current" })
		:tag("vcard", { xmlns = vcard4 })
			:tag("fn"):text_tag("text", given .. " " .. family):up()
			:tag("n"):text_tag("surname", family):text_tag("given", given):up();
	local service = modules.pep.get_pep_service(username);
	assert(service:publish(node, true, "current", item, { access_model = "open", max_items = 1, persist_items = true }));
end

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
		if modules.pep then publish_vcard(username, number); end
	end
	module:log("warn", "filled");
end);
