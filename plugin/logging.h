// Where log lines go: the journal when usherd runs as a service, standard error otherwise.
#pragma once

#include <string>

namespace usher
{

/// `level` is one of the settings' levels. Standard error is given to the journal's own protocol when systemd
/// says that it leads there anyway, so that priorities survive.
void set_up_logging(const std::string& level);

}  // namespace usher
