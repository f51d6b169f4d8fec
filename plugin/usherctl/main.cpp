// usherctl: queries and controls a running usherd through its control socket.
//
// It decides nothing and keeps nothing. Only `setup` is for the time before there is a daemon.
#include <exception>
#include <iostream>

#include "plugin/settings/reading_process.h"
#include "plugin/text/terminal.h"
#include "plugin/usherctl/command_line.h"
#include "plugin/usherctl/commands.h"

int main(int argc, char** argv)
{
    if (const auto status = usher::serve_reading(argc, argv)) {
        return *status;
    }
    const auto command_line = usher::read_command_line(argc, argv);
    if (!command_line) {
        return command_line.error();
    }
    try {
        return (usher::Commands(command_line->arguments).*command_line->command)();
    } catch (const std::exception& error) {
        std::cerr << "usherctl: unexpected reply: are usherd and usherctl the same version? ("
                  << usher::printable(error.what()) << ")\n";
        return usher::kFailed;
    }
}
