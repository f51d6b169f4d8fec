// Which name is offered for a misspelt one.
#include "plugin/settings/spelling.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

namespace bdata = boost::unit_test::data;
using namespace usher;

namespace
{

const std::vector<std::string_view> kNames = {"host", "port", "password_file", "tls"};

struct Misspelt {
    std::string written;
    const char* meant;
};

std::ostream& operator<<(std::ostream& out, const Misspelt& misspelt)
{
    return out << misspelt.written;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spelling)

const Misspelt kMisspelt[] = {
    {"host", "host"},
    {"hst", "host"},
    {"hosts", "host"},
    {"hast", "host"},
    {"prot", "port"},  // neighbours swapped: one slip, not two
    {"PORT", ""},
    {"pasword-file", "password_file"},
    {"paswrd_fil", "password_file"},
    {"pass", ""},
    {"tl", ""},  // too short to tell
    {"", ""},
    {std::string(65, 'h'), ""},
};

BOOST_DATA_TEST_CASE(nearest_name, bdata::make(kMisspelt), c)
{
    BOOST_TEST(nearest(c.written, kNames) == c.meant);
}

BOOST_AUTO_TEST_SUITE_END()
