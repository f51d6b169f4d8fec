// How long the daemon's event loop is held.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace usher::test
{

/// Asks the daemon for its metrics over and over: it answers on the loop that answers everything.
class LoopWatch
{
  public:
    /// Where it serves its metrics.
    explicit LoopWatch(std::uint16_t port);

    /// The longest answer since the last call. Throws if there are none any more.
    std::chrono::milliseconds longest();

  private:
    void watch(std::uint16_t port, const std::stop_token& stop);

    std::mutex mutex_;
    std::condition_variable answered_;
    std::chrono::milliseconds longest_{0};
    int asked_ = 0;
    std::jthread thread_;  // goes first: it uses the others
};

}  // namespace usher::test
