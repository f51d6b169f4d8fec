// Looks up the addresses of a host's name, without blocking the event loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct event_base;

namespace usher
{

class HostLookup
{
  public:
    /// Numeric addresses, as they were found; `error` is for people, empty without one.
    using Done = std::function<void(std::vector<std::string> addresses, const std::string& error)>;

    /// `host` is a name or a numeric address. `base` must outlive the object. `done` is called once, from `start` or
    /// from the event loop, and not after the object is gone.
    HostLookup(event_base* base, std::string host, Done done);
    HostLookup(const HostLookup&) = delete;
    HostLookup& operator=(const HostLookup&) = delete;
    ~HostLookup();

    void start();
    [[nodiscard]] bool running() const;
    /// While it is running: `done` follows, from the event loop, with an error.
    void cancel();

  private:
    struct Query;

    event_base* base_;
    const std::string host_;
    const Done done_;
    std::unique_ptr<Query> query_;
};

}  // namespace usher
