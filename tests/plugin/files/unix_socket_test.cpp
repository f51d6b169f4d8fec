// Who listens at a Unix socket, told apart without waiting.
#include "plugin/files/unix_socket.h"

#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

#include "temporary_directory.h"

namespace usher
{

namespace
{

using Result = SocketProbe::Result;

struct Named {
    [[nodiscard]] SocketProbe probe() const { return probe_socket(unix_address(path.string()).value()); }
    [[nodiscard]] FileDescriptor bound() const
    {
        const sockaddr_un address = unix_address(path.string()).value();
        FileDescriptor socket = unix_socket();
        BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        return socket;
    }

    test::TemporaryDirectory directory;
    const std::filesystem::path path = directory.path() / "socket";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(unix_sockets, Named)

BOOST_AUTO_TEST_CASE(an_address_holds_107_bytes)
{
    const std::string longest(107, 's');
    const auto address = unix_address(longest);
    BOOST_REQUIRE(address.has_value());
    BOOST_TEST(address->sun_path == longest);
    const auto longer = unix_address(longest + "s");
    BOOST_REQUIRE(!longer);
    BOOST_TEST(longer.error() == longest + "s: longer than the name of a socket may be");
}

BOOST_AUTO_TEST_CASE(without_a_name_there_is_nobody)
{
    BOOST_TEST((probe().result == Result::nobody));
    BOOST_TEST(probe().error == ENOENT);
}

BOOST_AUTO_TEST_CASE(a_name_that_was_left_behind_is_dead)
{
    static_cast<void>(bound());
    BOOST_TEST((probe().result == Result::dead));
    BOOST_TEST(probe().error == ECONNREFUSED);
}

BOOST_AUTO_TEST_CASE(nobody_listens_at_a_file)
{
    std::ofstream(path) << "text";
    BOOST_TEST((probe().result == Result::dead));
}

BOOST_AUTO_TEST_CASE(somebody_listens)
{
    const FileDescriptor socket = bound();
    BOOST_REQUIRE(::listen(socket.get(), 1) == 0);
    BOOST_TEST((probe().result == Result::listening));
    BOOST_TEST(probe().error == 0);
}

BOOST_AUTO_TEST_CASE(somebody_with_too_many_callers_listens_too)
{
    const FileDescriptor socket = bound();
    BOOST_REQUIRE(::listen(socket.get(), 0) == 0);
    const sockaddr_un address = unix_address(path.string()).value();
    std::vector<FileDescriptor> callers;
    for (int i = 0; i < 3; ++i) {
        callers.push_back(unix_socket());
        static_cast<void>(
            ::connect(callers.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    }
    BOOST_TEST((probe().result == Result::listening));
    BOOST_TEST(probe().error == EAGAIN);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_told_has_its_errno)
{
    std::ofstream(path) << "text";
    const SocketProbe below = probe_socket(unix_address((path / "below").string()).value());
    BOOST_TEST((below.result == Result::unknown));
    BOOST_TEST(below.error == ENOTDIR);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
