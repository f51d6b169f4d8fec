-- The protocol's part about archiving preferences, for entities that are granted it (PROTOCOL.md sections 4.17 to 4.19,
-- rules S120 to S133). This file has what is on the wire.

local datetime = require "util.datetime".datetime;
local xml_escape = require "util.stanza".xml_escape;

local modules = prosody.hosts[module.host].modules;

local defaults = { always = true, roster = true, never = true };
local flags = { ["true"] = true, ["1"] = true, ["false"] = false, ["0"] = false };

-- `connector`: what the main file gives to its parts.
return function (connector)
	local xmlns = connector.archive_grant.namespace;
	local preferences = module:require "preferences";
	local queries = module:require "queries" (connector);

	local function archive_xml(content)
		return ("<archive xmlns='%s' server-default='%s'>%s</archive>"):format(xmlns, preferences.server_default(), content);
	end

	local function person_xml(username)
		local default, lock = preferences.default(username), preferences.lock(username);
		local xml = { "<person jid='", xml_escape(username .. "@" .. module.host), "'" };
		if default then xml[#xml + 1] = (" default='%s'"):format(default); end
		if lock then xml[#xml + 1] = " lock='true'"; end
		if lock and tonumber(lock.since) then xml[#xml + 1] = (" since='%s'"):format(datetime(math.floor(lock.since))); end
		xml[#xml + 1] = (" mark='%s'/>"):format(preferences.mark(default, lock));
		return table.concat(xml);
	end

	local on_list = queries.on_list(archive_xml, person_xml);
	local function on_get(event)
		if not connector.is_allowed(event, connector.archive_grant) then return connector.refuse(event, "auth", "forbidden"); end
		if not modules.mam then return connector.refuse(event, "cancel", "feature-not-implemented"); end
		return on_list(event);
	end

	local function on_set(event)
		if not connector.is_allowed(event, connector.archive_setting_grant) then
			return connector.refuse(event, "auth", "forbidden");
		end
		local attr = event.stanza.tags[1].attr;
		local username, is_locked = queries.username_of(attr.user), flags[attr.lock or "false"];
		if not username or not defaults[attr.default] or is_locked == nil then
			return connector.refuse(event, "modify", "bad-request");
		end
		if not modules.mam then return connector.refuse(event, "cancel", "feature-not-implemented"); end
		return queries.reply(event, function ()
			local found = connector.find_accounts({ username });
			if not found then return nil, "internal-server-error"; end
			if not found[username] then return nil, "item-not-found"; end
			-- Nothing comes between this and the setting.
			if attr.mark and attr.mark ~= preferences.mark(preferences.default(username), preferences.lock(username)) then
				return nil, "conflict";
			end
			local ok, fault = preferences.set(username, attr.default, is_locked);
			if not ok then error(fault, 0); end
			return "";
		end);
	end

	module:require "locks" (preferences, module:require "changes" (connector, connector.archive_grant));
	module:add_feature(xmlns);
	module:hook("iq-get/host/" .. xmlns .. ":archive", on_get);
	module:hook("iq-set/host/" .. xmlns .. ":archive", on_set);
end
