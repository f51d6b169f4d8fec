// How long the daemon's event loop is held, as others see it.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace usher::test
{

/// Asks for what is not there, on the daemon's control socket, every 10 ms from a thread of its own: nothing but the loop
/// has to be free to refuse that. A refusal that takes long on a machine that is busy says little; how late this thread itself
/// got its turn is measured beside it.
class LoopProbe
{
  public:
    /// The daemon may come and go.
    explicit LoopProbe(std::filesystem::path socket);
    LoopProbe(const LoopProbe&) = delete;
    LoopProbe& operator=(const LoopProbe&) = delete;
    ~LoopProbe();

    struct Longest {
        std::chrono::microseconds hold{0};
        std::chrono::microseconds own_delay{0};
    };
    /// Since the last call.
    [[nodiscard]] Longest take();

    /// While it is off nothing counts, nor what is under way then: the daemon is stopped by others.
    void set_on(bool on);

  private:
    void run();
    [[nodiscard]] bool ask() const;

    std::filesystem::path socket_;
    std::atomic<unsigned> phase_ = 0;  // odd: off
    std::atomic<std::chrono::microseconds::rep> hold_ = 0;
    std::atomic<std::chrono::microseconds::rep> own_delay_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace usher::test
