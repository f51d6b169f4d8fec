// The other end of a channel, on the same event loop: accepts, and then says and reads what the test wants,
// when it wants.
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

/// A libevent loop that is run until something has happened.
class Loop
{
  public:
    static constexpr std::chrono::seconds kDeadline{30};

    Loop();
    [[nodiscard]] event_base* base() const { return base_.get(); }

    /// Runs until `happened()`. False if the deadline passed first.
    [[nodiscard]] bool run_until(const std::function<bool()>& happened,
                                 std::chrono::milliseconds deadline = kDeadline);
    /// Lets every event that is pending now have its turn.
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
    /// Leaves what arrives in the socket, or reads it again.
    void stop_reading();
    void read_again();
    /// Ends the connection: in good order, or so that the other end sees a reset.
    void close();
    void reset();

    [[nodiscard]] int socket() const;
    /// What has been written and the connection has not taken yet.
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
    /// The connection that came last; null before the first.
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
