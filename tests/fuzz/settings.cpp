// Settings files, valid and invalid.
#include "input.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/writer.h"

using namespace usher;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto settings = parse_settings(test::text_of(data, size), "usher.toml");
    if (!settings) {
        test::require(!settings.error().empty(), "a file that is refused has an error");
        for (const SettingError& error : settings.error()) {
            test::require(!error.accepted.empty(), "an error says what is accepted");
        }
        return 0;
    }
    const std::string written = to_toml(*settings);
    const auto again = parse_settings(written, "written");
    test::require(again.has_value(), "what is in force is a valid file");
    test::require(to_toml(*again) == written, "and means the same");
    return 0;
}
