// Logs to the journal when usherd runs as a service, otherwise to standard error.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace usher
{

/// `level` is a level from the settings. If systemd has connected standard error to the journal, uses the
/// journal's own protocol instead, which keeps priorities.
void set_up_logging(const std::string& level);

/// Logs at level `info`. In systemd's journal the entry gets the fields, too (systemd.journal-fields(7)).
void log_info(const std::string& message,
              std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

}  // namespace usher
