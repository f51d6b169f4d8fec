// Work beside an event loop.
#include "plugin/usherd/worker.h"

#include <event2/event.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using usher::Worker;

namespace
{

struct Loop {
    std::unique_ptr<event_base, decltype(&event_base_free)> base{event_base_new(), &event_base_free};
    std::vector<std::string> done;

    void run() const { event_base_dispatch(base.get()); }
    void end() const { event_base_loopbreak(base.get()); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(worker)

BOOST_FIXTURE_TEST_CASE(work_is_done_on_a_thread_and_reported_from_the_loop_in_order, Loop)
{
    Worker worker(base.get());
    const auto loop = std::this_thread::get_id();
    std::vector<std::thread::id> threads;
    worker.run([&] { threads.push_back(std::this_thread::get_id()); },
               [&] {
                   done.emplace_back("first");
                   BOOST_TEST((std::this_thread::get_id() == loop));
               });
    worker.run([&] { threads.push_back(std::this_thread::get_id()); },
               [&] {
                   done.emplace_back("second");
                   worker.run([] {},
                              [&] {
                                  done.emplace_back("third");
                                  end();
                              });
               });
    run();
    BOOST_TEST(done == (std::vector<std::string>{"first", "second", "third"}));
    BOOST_REQUIRE(threads.size() == 2U);
    BOOST_TEST((threads[0] != loop));
    BOOST_TEST((threads[0] == threads[1]));
}

BOOST_FIXTURE_TEST_CASE(what_work_owns_is_destroyed_on_the_thread, Loop)
{
    std::thread::id destroyed_on;
    Worker worker(base.get());
    std::shared_ptr<int> owned(new int(1), [&](const int* one) {
        destroyed_on = std::this_thread::get_id();
        delete one;
    });
    worker.run([owned = std::move(owned)] {}, [&] { end(); });
    run();
    BOOST_TEST((destroyed_on != std::thread::id()));
    BOOST_TEST((destroyed_on != std::this_thread::get_id()));
}

BOOST_FIXTURE_TEST_CASE(the_end_waits_for_what_has_begun_and_drops_the_rest, Loop)
{
    {
        std::promise<void> begun;
        Worker worker(base.get());
        worker.run(
            [&] {
                begun.set_value();
                done.emplace_back("begun");
            },
            [&] { done.emplace_back("reported"); });
        begun.get_future().wait();
    }
    event_base_loop(base.get(), EVLOOP_NONBLOCK);
    BOOST_TEST(done == std::vector<std::string>{"begun"});
}

BOOST_AUTO_TEST_SUITE_END()
