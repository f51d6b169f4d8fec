// The form in which users make exceptions from their option.
#pragma once

#include "integration/commands/command.h"
#include "plugin/core/operations.h"

namespace usher
{

/// Adds the command `exceptions`. `operations` must outlive `commands`.
void add_exceptions_menu(Commands& commands, Operations& operations);

}  // namespace usher
