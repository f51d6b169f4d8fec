// Where log lines go: the journal when usherd runs as a service, standard error otherwise.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace usher
{

/// `level` is one of the settings' levels. Standard error is given to the journal's own protocol when systemd
/// says that it leads there anyway, so that priorities survive.
void set_up_logging(const std::string& level);

/// At level `info`; where the log goes to systemd's journal the fields go with it
/// (systemd.journal-fields(7)).
void log_info(const std::string& message,
              std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

}  // namespace usher
