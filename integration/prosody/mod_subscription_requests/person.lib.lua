-- What everybody may read of an account (S92 to S94), as <person/>.

local st = require "util.stanza";

local clean = module:require "field";

local host = module.host;
local modules = prosody.hosts[host].modules;
local nodes = module:open_store("pep", "map"); -- what mod_pep knows of a user's nodes

local vcard4_node = "urn:xmpp:vcard4";

-- The name of the field, and where it is in a vCard4 and in a vcard-temp: the element, and its child that has the text.
local fields = {
	{ "fn", { "fn", "text" }, { "FN" } },
	{ "given", { "n", "given" }, { "N", "GIVEN" } },
	{ "family", { "n", "surname" }, { "N", "FAMILY" } },
	{ "nick", { "nickname", "text" }, { "NICKNAME" } },
	{ "email", { "email", "text" }, { "EMAIL", "USERID" } },
};

-- By name alone: what mod_vcard_legacy has made of a vcard-temp has no namespaces inside.
local function find_field(vcard, name, child_name)
	for _, element in ipairs(vcard and vcard.tags or {}) do
		if element.name == name then
			local holder = child_name and element:child_with_name(child_name) or not child_name and element;
			local text = holder and clean(holder:get_text());
			if text then return text; end
		end
	end
end

local function open_vcard4(username)
	if not modules.pep then return nil; end
	local node = nodes:get(username, vcard4_node);
	if type(node) ~= "table" or type(node.config) ~= "table" or node.config.access_model ~= "open" then return nil; end
	local ok, _, item = modules.pep.get_pep_service(username):get_last_item(vcard4_node, true);
	return ok and item and item.tags[1];
end

-- What the server answers to somebody without an account or a name. mod_vcard_legacy makes it from what open_vcard4()
-- reads.
local function vcard_temp(username)
	if modules.vcard_legacy then return nil; end
	local request = st.iq({ type = "get", id = "person", from = "anybody.invalid", to = username .. "@" .. host })
		:tag("vCard", { xmlns = "vcard-temp" }):up();
	local answer;
	local event = { stanza = request, origin = {
		type = "s2sin", from_host = "anybody.invalid", to_host = host, full_jid = "anybody.invalid", log = module._log,
		send = function (stanza)
			answer = stanza;
			return true;
		end;
	} };
	if module:fire_event("iq/bare/vcard-temp:vCard", event) == nil then
		module:fire_event("iq-get/bare/vcard-temp:vCard", event);
	end
	return answer and answer.attr.type == "result" and answer:get_child("vCard", "vcard-temp");
end

local function read_fields(username)
	local vcard4, temp, xml = open_vcard4(username), vcard_temp(username), {};
	for _, field in ipairs(fields) do
		local name, in_vcard4, in_temp = field[1], field[2], field[3];
		local text = find_field(vcard4, in_vcard4[1], in_vcard4[2]) or find_field(temp, in_temp[1], in_temp[2]);
		if text then xml[#xml + 1] = ("<%s>%s</%s>"):format(name, st.xml_escape(text), name); end
	end
	return table.concat(xml);
end

local unreadable = {}; -- logged once
return function (username)
	local ok, content = pcall(read_fields, username);
	if not ok and not unreadable[username] then
		unreadable[username] = true;
		module:log("error", "The vCard of %s cannot be read: %s", username, content);
	end
	local address = st.xml_escape(username .. "@" .. host);
	if not ok or content == "" then return ("<person jid='%s'/>"):format(address); end
	return ("<person jid='%s'>%s</person>"):format(address, content);
end
