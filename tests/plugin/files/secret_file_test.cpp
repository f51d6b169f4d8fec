// Which files are secret enough, and what the secret in them is.
#include "plugin/files/secret_file.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <ostream>

#include "named_file.h"

namespace bdata = boost::unit_test::data;

namespace usher
{

namespace
{

using Directory = test::NamedFile;

struct Secret {
    const char* content;
    const char* secret;
};

std::ostream& operator<<(std::ostream& out, const Secret& secret)
{
    return out << '"' << secret.secret << '"';
}

const Secret kSecrets[] = {
    {"correct horse\n", "correct horse"},   {"no line break", "no line break"},
    {"from windows\r\n", "from windows"},   {"two\nlines\n", "two"},
    {" spaces count \n", " spaces count "}, {"pässwörd\n", "pässwörd"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_file)

BOOST_DATA_TEST_CASE_F(Directory, secret_is_the_first_line, bdata::make(kSecrets), c)
{
    BOOST_TEST(read_secret(file(c.content)).value_or("refused") == c.secret);
    BOOST_TEST(read_secret(file(c.content, 0640)).value_or("refused") == c.secret);
}

BOOST_DATA_TEST_CASE_F(Directory, secret_open_to_others_is_refused,
                       bdata::make({0644, 0604, 0602, 0601, 0666}), mode)
{
    const std::string name = file("secret\n", static_cast<mode_t>(mode));
    const auto secret = read_secret(name);
    BOOST_REQUIRE(!secret);
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(mode));
    BOOST_TEST(secret.error() == name + ": everybody on this machine has access to it (mode " + octal +
                                     "); fix: chmod o= " + name);
}

BOOST_DATA_TEST_CASE_F(Directory, empty_secret_is_refused, bdata::make({"", "\n", "\r\n", "\nsecond\n"}),
                       content)
{
    const std::string name = file(content);
    const auto secret = read_secret(name);
    BOOST_REQUIRE(!secret);
    BOOST_TEST(secret.error() == name + ": the first line is empty");
}

BOOST_FIXTURE_TEST_CASE(secret_that_is_no_file_is_refused, Directory)
{
    const std::string none = (path / "none").string();
    BOOST_TEST(read_secret(none).error() == none + ": No such file or directory");
    BOOST_TEST(read_secret(path.string()).error() == path.string() + ": not a file");
}

BOOST_AUTO_TEST_CASE(a_new_secret_is_another_one_each_time)
{
    const std::string secret = new_secret();
    BOOST_TEST(secret.size() == 32U);
    BOOST_TEST(secret.find_first_not_of("0123456789abcdef") == std::string::npos);
    BOOST_TEST(secret != new_secret());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
