// RFC 6121 Appendix A as data: the nine states between a user and a contact, what a server makes of each
// subscription stanza in each of them, and where servers are known to do something else.
#pragma once

#include <array>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xml.h"

namespace usher::test
{

/// What is between user and contact, from the user's side.
struct State {
    std::string subscription;  ///< none as well if there is no item
    bool pending_out;
    bool pending_in;
    bool pre_approved = false;  ///< section 3.4; Appendix A counts it as no state of its own

    friend bool operator==(const State&, const State&) = default;
};
/// As the RFC writes it.
std::ostream& operator<<(std::ostream& out, const State& state);

// A.1
inline const State kNone{"none", false, false};
inline const State kNoneOut{"none", true, false};
inline const State kNoneIn{"none", false, true};
inline const State kNoneOutIn{"none", true, true};
inline const State kTo{"to", false, false};
inline const State kToIn{"to", false, true};
inline const State kFrom{"from", false, false};
inline const State kFromOut{"from", true, false};
inline const State kBoth{"both", false, false};

/// The state that a login shows. `received`: by a client from appear() on, the roster included.
[[nodiscard]] State state_at_login(const std::vector<Element>& received, const std::string& contact);

/// As the user's server sees the stanza.
enum class Direction { outbound, inbound };

/// One row of Appendix A.
struct Row {
    enum class PassOn { must, should_not, must_not };

    State existing;
    PassOn pass_on;             ///< ROUTE?, or DELIVER?
    std::optional<State> next;  ///< nothing: no state change
    std::string auto_reply = {};
};

struct Table {
    std::string section;
    Direction direction;
    std::string type;
    std::array<Row, 9> rows;
};

/// A.2.1 to A.3.4.
[[nodiscard]] const std::array<Table, 8>& appendix_a();

/// What a server does with a stanza.
struct Processing {
    bool passed_on;  ///< to the other party
    State next;
    std::string auto_reply;  ///< type of the presence that the contact is sent at once

    friend bool operator==(const Processing&, const Processing&) = default;
};
std::ostream& operator<<(std::ostream& out, const Processing& processing);

/// What the row asks for.
[[nodiscard]] Processing processing(const Row& row);

/// What that server (Server::name()) does instead, without Usher.
struct Deviation {
    std::string server;
    std::string section;
    State existing;
    Processing actual;
    std::string why;
};
[[nodiscard]] const std::vector<Deviation>& known_deviations();

}  // namespace usher::test
