// Ad-hoc commands (XEP-0050): menus that users work through in their own client.
//
// The responder's side: commands, sessions, actions, errors. Not here: what a command does and who may run
// it, which each `Command` defines.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "integration/base/clock.h"
#include "integration/base/rate_limiter.h"
#include "integration/xmpp/data_form.h"
#include "integration/xmpp/iq.h"
#include "integration/xmpp/stanza.h"
#include "policy/address.h"

namespace usher
{

struct CommandNote {
    enum class Type { info, warn, error };
    Type type = Type::info;
    std::string text;
};

/// Why a command or a step was not carried out. The text is shown to the user.
struct CommandRefusal {
    /// If true, the user may not do this: the session ends with an error. If false, the user can correct the
    /// form or try again: it is shown once more, with the text as a note.
    bool forbidden = false;
    std::string text;
};

struct CommandStage;

/// To be called exactly once, immediately or later.
using CommandReply = std::function<void(std::variant<CommandStage, CommandRefusal>)>;

/// One step of a command: text to read, which completes the command, or a form to fill in.
struct CommandStage {
    std::vector<CommandNote> notes = {};
    std::optional<DataForm> payload = {};
    /// Called when the user submits the form. If empty, the payload is only to be read.
    std::function<void(const FormValues& values, CommandReply reply)> submitted = {};
    bool last = true;  ///< whether submitting the form completes the command; otherwise another form follows
};

struct Command {
    std::string node;
    std::string name;
    /// Why this user may not run it; empty if they may. Called again before every stage.
    std::function<std::optional<std::string>(const Address& user)> why_refused;
    std::function<void(const Address& user, CommandReply reply)> execute;
};

class Commands
{
  public:
    /// A session expires if it is not used for this long.
    static constexpr std::chrono::minutes kLifetime{10};
    /// Sessions of one user in all their clients, including ended ones that are still remembered. A new
    /// session replaces the user's oldest.
    static constexpr std::size_t kMaxPerUser = 8;
    /// Sessions of all users. At the limit new sessions are refused.
    static constexpr std::size_t kMaxSessions = 2000;

    /// Commands begun and forms submitted by one user in a minute. More are refused.
    static constexpr std::size_t kMaxPerMinute = 60;

    Commands(Clock& clock, std::function<void(std::string_view)> send)
        : clock_(clock), send_(std::move(send)), limiter_(clock, kMaxPerMinute)
    {
    }

    void add(Command command) { commands_.push_back(std::move(command)); }

    /// The commands that this user may run, in the order they were added.
    [[nodiscard]] std::vector<const Command*> allowed_for(const Address& user) const;
    /// The command with this node, or null.
    [[nodiscard]] const Command* named(std::string_view node) const;

    /// Answers an `<iq type='set'/>` with a `<command/>` from `user`.
    void received(const Stanza& iq, const Address& user);

    /// The number of sessions that have not ended.
    [[nodiscard]] std::size_t open_sessions() const;

  private:
    struct Session {
        std::string id;  ///< a random token
        const Command* command;
        std::string requester;  ///< the full address that began it
        Address user;
        Clock::Time used;
        std::vector<CommandStage> stages = {};  ///< the last one is shown
        bool working = false;                   ///< waits for a CommandReply
        bool ended = false;  ///< kept so that an old session id gets `session-expired`, not `bad-sessionid`
    };

    using Sessions = std::list<Session>;  // oldest first

    void begin(IqReply reply, const Command& command, const std::string& requester, const Address& user);
    void continue_session(IqReply reply, Session& session, std::string_view action, const Stanza& command);
    void submit(IqReply reply, Session& session, const Stanza& command);
    /// Makes the callback that shows the result of a command or a form to the user.
    [[nodiscard]] CommandReply reply_to(IqReply reply, const Session& session);
    void show_result(const IqReply& reply, Session& session,
                     std::variant<CommandStage, CommandRefusal> result);

    [[nodiscard]] Session* find(std::string_view id, std::string_view requester);
    [[nodiscard]] bool make_room(const Address& user);
    static void end(Session& session);

    void show(const IqReply& reply, const Session& session, std::string_view status,
              const CommandStage& stage) const;
    void send_error(const IqReply& reply, std::string_view node, std::string_view session_id,
                    StanzaError error) const;

    Clock& clock_;
    std::function<void(std::string_view)> send_;
    std::list<Command> commands_;  // a list, because sessions point to its elements
    Sessions sessions_;
    RateLimiter limiter_;
};

}  // namespace usher
