#include "broken_files.h"

#include <boost/test/unit_test.hpp>
#include <ostream>

#include "plugin/settings/reader.h"

namespace usher::test
{

std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.what;
}

void check_only_error(const Broken& broken, const std::string& toml)
{
    const auto settings = parse_settings(toml, "usher.toml");
    BOOST_REQUIRE(!settings);
    for (const SettingError& error : settings.error()) {
        BOOST_TEST_MESSAGE(to_string(error));
    }
    BOOST_REQUIRE(settings.error().size() == 1U);
    const SettingError& error = settings.error().front();
    BOOST_TEST(error.file == "usher.toml");
    BOOST_TEST(error.line == broken.line);
    BOOST_TEST(error.key == broken.key);
    BOOST_TEST(error.found == broken.found);
    BOOST_TEST(error.accepted == broken.accepted);
}

}  // namespace usher::test
