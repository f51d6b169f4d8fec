// The command line of usherctl: its commands, their arguments, and the help.
#pragma once

#include <tl/expected.hpp>

#include "plugin/usherctl/commands.h"

namespace usher
{

struct CommandLine {
    int (Commands::*command)() = nullptr;
    Arguments arguments;
};

/// Where there is nothing to run (help was asked for, or the command line is wrong) what there is to say has
/// been printed, and the error is the exit status.
[[nodiscard]] tl::expected<CommandLine, UsherctlExit> read_command_line(int argc, char** argv);

}  // namespace usher
