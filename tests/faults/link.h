// The network between the daemon and the server: a TCP proxy that loses what it is told to lose.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "child.h"
#include "deadline.h"

namespace usher::test
{

class Link
{
  public:
    /// Forwards to that port, from a port of its own.
    explicit Link(std::uint16_t server_port);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// How many connections the daemon has made.
    [[nodiscard]] unsigned connections() const { return connections_; }

    enum class End { closed, reset };
    /// Both sides see their connection end.
    void cut(End how);
    /// The connections of now lose every packet, and no side hears of it. New ones work.
    void lose_packets();
    /// Packets arrive again: as what they belonged to is no more, each is answered with a reset.
    void deliver_packets();
    /// Each direction passes so many bytes a second; nothing: as fast as it can.
    void limit(std::optional<std::size_t> bytes_per_second);
    /// While it is closed, who connects has to wait.
    void set_open(bool open);

  private:
    /// One direction of a connection.
    struct Direction {
        std::string bytes;
        bool ended = false;
    };
    struct Pair {
        Descriptor daemon;
        Descriptor server;
        Direction to_server;
        Direction to_daemon;
        bool loses_packets = false;
    };

    void run();
    void accept();
    void forward(Pair& pair, std::size_t allowance, bool readable_daemon, bool readable_server);
    void wake() const;

    std::uint16_t server_port_;
    Descriptor listener_;
    std::uint16_t port_ = 0;
    Descriptor wake_;  // an eventfd
    std::atomic<unsigned> connections_ = 0;
    std::atomic<bool> stopping_ = false;

    std::mutex mutex_;  // for what follows
    std::list<Pair> pairs_;
    std::optional<std::size_t> bytes_per_second_;
    bool open_ = true;
    std::thread thread_;
};

}  // namespace usher::test
