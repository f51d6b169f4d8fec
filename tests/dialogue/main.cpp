// Dialogues between real clients, a real server and the daemon.
#define BOOST_TEST_MODULE dialogues
#include <boost/test/unit_test.hpp>
