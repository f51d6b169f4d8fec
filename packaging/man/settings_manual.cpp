// Writes usher.toml(5): copies the template from standard input, and replaces @SETTINGS@ by the table of settings
// and @MINIMAL@ by the file named on the command line. With --sample: writes packaging/usher.toml.
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "plugin/settings/documents.h"

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: settings_manual MINIMAL-SETTINGS <TEMPLATE >PAGE\n"
                     "       settings_manual --sample >packaging/usher.toml\n";
        return 2;
    }
    if (std::string_view(argv[1]) == "--sample") {
        std::cout << usher::sample_settings() << std::flush;
        return std::cout ? 0 : 1;
    }
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "@SETTINGS@") {
            std::cout << usher::settings_manual();
        } else if (line == "@MINIMAL@") {
            std::cout << std::ifstream(argv[1]).rdbuf();
        } else {
            std::cout << line << '\n';
        }
    }
    std::cout.flush();
    return std::cout ? 0 : 1;
}
