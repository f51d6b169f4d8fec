// What is read of a file, and what is refused without waiting for it.
#include "plugin/files/regular_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "named_file.h"

namespace usher
{

using Kind = FileError::Kind;

BOOST_FIXTURE_TEST_SUITE(regular_file, test::NamedFile)

BOOST_AUTO_TEST_CASE(all_of_it_is_read_with_its_permissions)
{
    const std::string text = std::string(200'000, 'x') + '\0' + "end";
    const auto content = read_regular_file(file(text, 0640), 1'000'000);
    BOOST_REQUIRE(content.has_value());
    BOOST_TEST((content->text == text));
    BOOST_TEST(content->whole);
    BOOST_TEST(content->permissions == 0640U);
    BOOST_TEST(read_regular_file(file(""), 10)->text == "");
}

BOOST_AUTO_TEST_CASE(no_more_is_read_than_was_asked_for)
{
    const auto exact = read_regular_file(file("12345"), 5);
    BOOST_REQUIRE(exact.has_value());
    BOOST_TEST(exact->text == "12345");
    BOOST_TEST(exact->whole);
    const auto part = read_regular_file(file("123456"), 5);
    BOOST_REQUIRE(part.has_value());
    BOOST_TEST(part->text == "12345");
    BOOST_TEST(!part->whole);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_at_once)
{
    const std::string none = (path / "none").string();
    BOOST_REQUIRE(!read_regular_file(none, 10));
    BOOST_TEST((read_regular_file(none, 10).error().kind == Kind::unreadable));
    BOOST_TEST(read_regular_file(none, 10).error().error == ENOENT);
    BOOST_REQUIRE(!read_regular_file(path.string(), 10));
    BOOST_TEST((read_regular_file(path.string(), 10).error().kind == Kind::directory));
    const std::string fifo = (path / "fifo").string();
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    BOOST_REQUIRE(!read_regular_file(fifo, 10));
    BOOST_TEST((read_regular_file(fifo, 10).error().kind == Kind::not_regular));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
