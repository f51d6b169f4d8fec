-- For Prosody's own installer: see README.md.
rockspec_format = "3.0"
package = "mod_subscription_requests"
version = "0.1.0-1"
source = { url = "file://." } -- made in this folder
description = {
	summary = "Lets a privileged entity answer contact requests in Prosody",
	license = "MIT",
}
dependencies = { "lua >= 5.2" }
build = {
	type = "builtin",
	modules = {
		mod_subscription_requests = "mod_subscription_requests/mod_subscription_requests.lua",
		["mod_subscription_requests.approvals"] = "mod_subscription_requests/approvals.lib.lua",
		["mod_subscription_requests.archive"] = "mod_subscription_requests/archive.lib.lua",
		["mod_subscription_requests.availability"] = "mod_subscription_requests/availability.lib.lua",
		["mod_subscription_requests.changes"] = "mod_subscription_requests/changes.lib.lua",
		["mod_subscription_requests.field"] = "mod_subscription_requests/field.lib.lua",
		["mod_subscription_requests.locks"] = "mod_subscription_requests/locks.lib.lua",
		["mod_subscription_requests.people"] = "mod_subscription_requests/people.lib.lua",
		["mod_subscription_requests.person"] = "mod_subscription_requests/person.lib.lua",
		["mod_subscription_requests.preferences"] = "mod_subscription_requests/preferences.lib.lua",
		["mod_subscription_requests.queries"] = "mod_subscription_requests/queries.lib.lua",
		["mod_subscription_requests.readings"] = "mod_subscription_requests/readings.lib.lua",
	},
}
