// How long the daemon's event loop is held, on which every request is answered.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "child.h"
#include "deadline.h"
#include "plugin/files/unix_socket.h"

namespace usher::test
{

/// Waits for the whole answer.
inline void ask(const std::filesystem::path& path, const std::string& what)
{
    const auto address = unix_address(path.string()).value();
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const std::string request = what + " HTTP/1.0\r\nContent-Length: 0\r\n\r\n";
    std::array<char, 65536> some{};
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) > 0) {
        while (::recv(socket.get(), some.data(), some.size(), 0) > 0) {
        }
    }
}

/// Asks the daemon for what costs it nothing, over and over: the answer takes as long as the loop is held.
class LoopDelay
{
  public:
    explicit LoopDelay(std::filesystem::path socket)
        : thread_([this, socket = std::move(socket)](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  const auto begun = Clock::now();
                  ask(socket, "GET /nothing");
                  const double taken =
                      std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
                  longest_ = std::max(longest_.load(), taken);
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
              }
          })
    {
    }

    /// In milliseconds, since the last call.
    double longest() { return longest_.exchange(0); }

  private:
    std::atomic<double> longest_ = 0;
    std::jthread thread_;  // goes first
};

}  // namespace usher::test
