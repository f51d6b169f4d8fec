// A descriptor is closed once, by whoever has it last.
#include "integration/base/file_descriptor.h"

#include <fcntl.h>

#include <boost/test/unit_test.hpp>

namespace usher
{

namespace
{

int opened()
{
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int descriptor)
{
    return ::fcntl(descriptor, F_GETFD) >= 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_descriptor)

BOOST_AUTO_TEST_CASE(is_closed_with_its_owner)
{
    const int descriptor = opened();
    {
        const FileDescriptor owner(descriptor);
        BOOST_TEST(static_cast<bool>(owner));
        BOOST_TEST(owner.get() == descriptor);
        BOOST_TEST(is_open(descriptor));
    }
    BOOST_TEST(!is_open(descriptor));
}

BOOST_AUTO_TEST_CASE(none_is_none)
{
    const FileDescriptor none;
    BOOST_TEST(!none);
    BOOST_TEST(!FileDescriptor(::open("/nowhere", O_RDONLY)));
}

BOOST_AUTO_TEST_CASE(the_last_owner_closes_it)
{
    const int descriptor = opened();
    FileDescriptor first(descriptor);
    {
        FileDescriptor second(std::move(first));
        BOOST_TEST(second.get() == descriptor);
        FileDescriptor third;
        third = std::move(second);
        BOOST_TEST(third.get() == descriptor);
        BOOST_TEST(is_open(descriptor));
    }
    BOOST_TEST(!is_open(descriptor));
}

BOOST_AUTO_TEST_CASE(released_it_stays_open)
{
    const int descriptor = opened();
    {
        FileDescriptor owner(descriptor);
        BOOST_TEST(owner.release() == descriptor);
        BOOST_TEST(!owner);
    }
    BOOST_TEST(is_open(descriptor));
    ::close(descriptor);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
