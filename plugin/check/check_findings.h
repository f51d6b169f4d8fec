// What the facts of a check mean for administrators: results, each with its fix.
//
// Not here: how the facts are collected (check.h).
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

/// The port for clients. For a component, which cannot know it, the usual one (RFC 6120 section 14.7).
[[nodiscard]] std::uint16_t client_port(const ConnectionSettings& connection);

/// The report of a check that logged in: `facts` is what the domains have said, `path` the settings file.
[[nodiscard]] CheckReport report(const std::string& path, const Settings& settings,
                                 const std::map<std::string, DomainFacts, std::less<>>& facts,
                                 const RegistrationProbe::Seen& seen);
/// The report of a check that could not log in, or lost the connection before it was done.
[[nodiscard]] CheckReport report(const std::string& path, const Settings& settings, const Failure& failure);
/// The report where no login was tried because it would end that of the running usherd.
[[nodiscard]] CheckReport report_running(const std::string& path, const Settings& settings);

}  // namespace usher
