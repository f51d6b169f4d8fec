#define BOOST_TEST_MODULE integration
#include <spdlog/spdlog.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

namespace
{

/// What the daemon does before it opens a stream: libstrophe writes to sockets that the peer may have closed.
struct Surroundings {
    Surroundings()
    {
        std::signal(SIGPIPE, SIG_IGN);
        spdlog::set_level(spdlog::level::off);
    }
};
BOOST_TEST_GLOBAL_FIXTURE(Surroundings);

}  // namespace
