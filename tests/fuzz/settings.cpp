// The settings file, from its bytes to what is in force, and what the process that reads it says of it.
#include "input.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/transfer.h"
#include "plugin/settings/writer.h"

using namespace usher;

namespace
{

constexpr const char* kPath = "usher.toml";

void same_after_transfer(const ReadSettings& read)
{
    const auto arrived = read_lines(to_lines(read), kPath);
    test::require(arrived.has_value(), "what one process says the other understands");
    test::require(arrived->has_value() == read.has_value(), "errors stay errors");
    if (read) {
        test::require((*arrived)->lines == read->lines, "lines arrive");
        test::require(to_toml(**arrived, Sources::shown) == to_toml(*read, Sources::shown),
                      "settings arrive");
        return;
    }
    test::require(arrived->error().size() == read.error().size(), "all errors arrive");
    for (std::size_t i = 0; i < read.error().size(); ++i) {
        test::require(to_string(arrived->error()[i]) == to_string(read.error()[i]), "errors arrive");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text = test::text_of(data, size);
    static_cast<void>(read_lines(text, kPath));
    const ReadSettings settings = parse_settings(text, kPath);
    same_after_transfer(settings);
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
    Settings ready = *settings;
    make_ready(ready);
    test::require(policy_to_toml(ready) == policy_to_toml(*settings), "what is written ahead is the same");
    return 0;
}
