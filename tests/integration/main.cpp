#define BOOST_TEST_MODULE integration
#include <spdlog/spdlog.h>

#include <boost/test/unit_test.hpp>
#include <csignal>

namespace
{

/// Ignores SIGPIPE, as the daemon does: libstrophe may write to sockets that the peer has closed.
struct Surroundings {
    Surroundings()
    {
        std::signal(SIGPIPE, SIG_IGN);
        spdlog::set_level(spdlog::level::off);
    }
};
BOOST_TEST_GLOBAL_FIXTURE(Surroundings);

}  // namespace
