// The commands that users and administrators find in their client (XEP-0050), as forms.
//
// Only translates between forms and Operations, which acts and decides who may do what.
#pragma once

#include "integration/commands/command.h"
#include "plugin/core/operations.h"

namespace usher
{

/// Adds the commands `options`, `exceptions`, `find`, `listed` and `archive` for users, and `general-im`, `waiting`, `explain`, `journal` for
/// administrators. `operations` must outlive `commands`.
void add_menus(Commands& commands, Operations& operations);

}  // namespace usher
