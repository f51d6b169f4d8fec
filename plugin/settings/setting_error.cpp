#include "plugin/settings/setting_error.h"

namespace usher
{

std::string to_string(const SettingError& error)
{
    std::string out = error.file + ":";
    if (error.line != 0) {
        out += std::to_string(error.line) + ":";
    }
    if (!error.key.empty()) {
        out += " " + error.key + ":";
    }
    return out + " found " + error.found + "; accepted: " + error.accepted;
}

}  // namespace usher
