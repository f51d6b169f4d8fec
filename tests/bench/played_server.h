// A simulated server: the other end of a component's stream (XEP-0114). It sends requests to the component
// that has logged in and counts the answers. It does as little as possible, so that the time measured is the
// component's: plain bytes on a socket, no XML parser, no pending list.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "child.h"
#include "usherd.h"

namespace usher::test
{

inline const std::string kPlayedHost = "capulet.lit";
inline const std::string kPlayedEntity = "usher.capulet.lit";
/// Contacts of this domain must be denied, those of `kPlayedHost` approved, all others left to the user.
inline const std::string kDeniedDomain = "spam.example";

/// Settings for a daemon that answers like that.
[[nodiscard]] UsherdOptions played_options();

/// How requests are sent.
struct Window {
    int asks;      ///< in flight
    int requests;  ///< in each ask
};

struct Answers {
    std::size_t approved = 0;
    std::size_t denied = 0;
    std::size_t left = 0;

    [[nodiscard]] std::size_t all() const { return approved + denied + left; }
    friend bool operator==(const Answers&, const Answers&) = default;
};

class PlayedServer
{
  public:
    PlayedServer();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Lets the component log in. If it then asks for the connector and the waiting list (PROTOCOL.md, E4),
    /// it is told that there is a connector and that the list is empty.
    void accept(bool asks_for_waiting);

    /// Whether the component decides, or approves every request. By default it decides.
    void expect(bool decisions) { decisions_ = decisions; }

    /// Sends `count` requests (rounded down to whole asks) and waits for all answers. Throws if an answer is
    /// wrong.
    std::chrono::duration<double> put(Window window, std::size_t count);

    /// Answers pings for this time.
    void keep(std::chrono::milliseconds time);

  private:
    [[nodiscard]] std::string request();
    void append_ask(std::string& xml, int requests);
    void send(std::string_view xml) const;
    /// Returns false if nothing came in time.
    [[nodiscard]] bool receive(std::chrono::milliseconds patience);
    /// Reads up to and including `text` and returns what came before it.
    std::string wait_for(std::string_view text);
    /// Reads the entity's next IQ and answers it with this payload.
    void answer_query(std::string_view payload);
    void count_answers();

    Descriptor listening_;
    std::uint16_t port_;
    Descriptor socket_;
    std::string arrived_;
    std::uint64_t last_ask_ = 0;
    std::uint64_t last_request_ = 0;
    bool decisions_ = true;
    Answers expected_;
    Answers received_;
};

}  // namespace usher::test
