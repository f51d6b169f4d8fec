// A client or component that does as little as possible between the request and its answer, so that what is
// measured is the server's and Usher's time: plain bytes on a socket, no XML parser, no roster of its own.
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
    /// Logs in as a user, asks for the roster and becomes available. It does not acknowledge roster pushes:
    /// with nothing sent back, Nagle's algorithm on the server's side delays as much as it ever can.
    [[nodiscard]] static Asker client(std::uint16_t port, const std::string& address);
    /// An external component (XEP-0114), in whose name contacts of another host ask.
    [[nodiscard]] static Asker component(std::uint16_t port, const std::string& domain);

    void send(std::string_view xml) const;
    /// Reads up to and including `text`, and returns what came before it. Throws when it does not come.
    std::string wait_for(std::string_view text);
    /// Reads until `text` has come, or come more than once, and forgets the rest; how often it came.
    std::size_t take(std::string_view text);
    /// Forgets what has arrived, without waiting.
    void forget_arrived();

  private:
    explicit Asker(std::uint16_t port);

    void receive(std::string_view awaited);

    Descriptor socket_;
    std::string arrived_;
};

}  // namespace usher::test
