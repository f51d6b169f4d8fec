// What users and administrators find in their own client's menu (XEP-0050), as forms.
//
// Only translates: what is done, and who may do it, is Operations' matter.
#pragma once

#include "integration/commands/command.h"
#include "plugin/core/operations.h"

namespace usher
{

/// Adds the commands `options` for users, and `general-im`, `waiting`, `explain`, `journal` for
/// administrators. Both are to outlive what `commands` is told to do.
void add_menus(Commands& commands, Operations& operations);

}  // namespace usher
