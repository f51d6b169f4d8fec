// A network between two programs of this machine: TCP on 127.0.0.1, with a time that everything takes on its way.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "child.h"

namespace usher::test
{

class DelayedLink
{
  public:
    /// Passes on what comes in on port() to that port, and what comes back, each `delay` later.
    DelayedLink(std::uint16_t to, std::chrono::microseconds delay);
    DelayedLink(const DelayedLink&) = delete;
    DelayedLink& operator=(const DelayedLink&) = delete;
    /// Ends all connections.
    ~DelayedLink();

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    void accept_all();

    const std::uint16_t to_;
    const std::chrono::microseconds delay_;
    Descriptor listening_;
    std::uint16_t port_ = 0;
    std::atomic<bool> ended_ = false;
    std::thread accepting_;
};

}  // namespace usher::test
