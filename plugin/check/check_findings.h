// What the facts of a check mean for administrators: results with the mend for each.
//
// From facts to sentences and nothing else; how the facts are come by is in check.h.
#pragma once

#include <map>
#include <string>

#include "integration/probe/registration_probe.h"
#include "integration/probe/survey.h"
#include "integration/stream/channel.h"
#include "plugin/settings/settings.h"
#include "plugin/text/check_report.h"

namespace usher
{

/// Where clients connect. A component cannot know: the usual port (RFC 6120 section 14.7).
[[nodiscard]] std::uint16_t client_port(const ConnectionSettings& connection);

/// Logged in, and this is what the domains have said. `path` is the settings file.
[[nodiscard]] CheckReport report(const std::string& path, const Settings& settings,
                                 const std::map<std::string, DomainFacts, std::less<>>& facts,
                                 const RegistrationProbe::Seen& seen);
/// No login, or not long enough.
[[nodiscard]] CheckReport report(const std::string& path, const Settings& settings, const Failure& failure);
/// No login was tried, because usherd is running and it would be ended by ours.
[[nodiscard]] CheckReport report_running(const std::string& path, const Settings& settings);

}  // namespace usher
