// A client or component that does as little as possible between a request and its answer, so that the time
// measured is that of the server and Usher: plain bytes on a socket, no XML parser, no roster of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "child.h"

namespace usher::test
{

class Asker
{
  public:
    /// Logs in as a user, asks for the roster and becomes available. It does not acknowledge roster pushes,
    /// which is the worst case for delays by Nagle's algorithm in the server.
    [[nodiscard]] static Asker client(std::uint16_t port, const std::string& address);
    /// Logs in as an external component (XEP-0114) that sends requests as contacts of another host.
    [[nodiscard]] static Asker component(std::uint16_t port, const std::string& domain);

    void send(std::string_view xml) const;
    /// Reads up to and including `text` and returns what came before it. Throws if `text` does not come.
    std::string wait_for(std::string_view text);
    /// Reads until `text` has come and discards the rest. Returns how often it came.
    std::size_t take(std::string_view text);
    /// Discards what has arrived, without waiting.
    void forget_arrived();

  private:
    explicit Asker(std::uint16_t port);

    void receive(std::string_view awaited);

    Descriptor socket_;
    std::string arrived_;
};

}  // namespace usher::test
