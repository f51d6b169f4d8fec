// The other end of a channel, on the same event loop: accepts a connection, then sends and reads what the
// test tells it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct event_base;
struct bufferevent;
struct evconnlistener;

namespace usher::test
{

/// A libevent loop that runs until something has happened.
class Loop
{
  public:
    static constexpr std::chrono::seconds kDeadline{30};

    Loop();
    [[nodiscard]] event_base* base() const { return base_.get(); }

    /// Runs until `happened()`. False if the deadline passed first.
    [[nodiscard]] bool run_until(const std::function<bool()>& happened,
                                 std::chrono::milliseconds deadline = kDeadline);
    /// Runs every event that is pending now.
    void turn();

  private:
    struct Free {
        void operator()(event_base* base) const;
    };
    std::unique_ptr<event_base, Free> base_;
};

/// One accepted connection.
class Peer
{
  public:
    Peer(event_base* base, int socket);
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void write(std::string_view text);
    /// Stops reading from the socket, or resumes it.
    void stop_reading();
    void read_again();
    /// Closes the connection: normally, or with a reset.
    void close();
    void reset();

    [[nodiscard]] int socket() const;
    /// The number of bytes written that the socket has not taken yet.
    [[nodiscard]] std::size_t unsent() const;
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] bool has_received(std::string_view text) const
    {
        return received.find(text) != std::string::npos;
    }

    std::string received;

  private:
    struct Free {
        void operator()(bufferevent* buffer) const;
    };
    static void on_readable(bufferevent* buffer, void* self) noexcept;
    static void on_event(bufferevent* buffer, short what, void* self) noexcept;

    std::unique_ptr<bufferevent, Free> buffer_;
    bool over_ = false;
};

/// Listens on a free port of 127.0.0.1.
class Listener
{
  public:
    explicit Listener(event_base* base);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// The latest connection; null before the first.
    [[nodiscard]] Peer* peer() const { return peer_.get(); }

    int accepted = 0;

  private:
    struct Free {
        void operator()(evconnlistener* listener) const;
    };

    event_base* base_;
    std::unique_ptr<evconnlistener, Free> listener_;
    std::unique_ptr<Peer> peer_;
    std::uint16_t port_ = 0;
};

}  // namespace usher::test
