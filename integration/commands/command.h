// Ad-hoc commands (XEP-0050): a menu that a user finds and works through in her own client.
//
// The responder's side: which commands there are for whom, the sessions, the actions, the errors.
// Not here: what a command does (it brings its stages) and who may run it (it says so itself).
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

#include "integration/time/clock.h"
#include "integration/time/rate_limiter.h"
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

/// Not done, and why, for the one who asked.
struct CommandRefusal {
    /// She may not: the session ends with an error. Otherwise there is something to mend or to try again:
    /// the form is shown once more, with the text as a note.
    bool forbidden = false;
    std::string text;
};

struct CommandStage;

/// Called exactly once, at once or later.
using CommandReply = std::function<void(std::variant<CommandStage, CommandRefusal>)>;

/// What is shown at a time: something to read, which completes the command, or a form to fill in.
struct CommandStage {
    std::vector<CommandNote> notes = {};
    std::optional<DataForm> payload = {};
    /// What happens when the form comes back. Without it the payload is only to be read.
    std::function<void(const FormValues& values, CommandReply reply)> submitted = {};
    bool last = true;  ///< submitting completes the command, if nothing is wrong; else another form follows
};

struct Command {
    std::string node;
    std::string name;
    /// Why this user may not run it, or nothing if she may. Asked again before every stage.
    std::function<std::optional<std::string>(const Address& user)> refused;
    std::function<void(const Address& user, CommandReply reply)> execute;
};

class Commands
{
  public:
    /// A session that is not used for so long has expired.
    static constexpr std::chrono::minutes kLifetime{10};
    /// Sessions of a user (of all her clients), the ended ones that are still remembered included. Her oldest
    /// makes room for a new one.
    static constexpr std::size_t kPerUser = 8;
    /// Of all users; beyond that there are no new ones.
    static constexpr std::size_t kMaxSessions = 2000;

    /// Commands begun and forms filled in by one user in a minute; what is beyond is refused.
    static constexpr std::size_t kPerMinute = 60;

    Commands(Clock& clock, std::function<void(std::string_view)> send)
        : clock_(clock), send_(std::move(send)), work_(clock, kPerMinute)
    {
    }

    void add(Command command) { commands_.push_back(std::move(command)); }

    /// Those that this user may run, in the order they were added.
    [[nodiscard]] std::vector<const Command*> of(const Address& user) const;
    /// Null if there is none.
    [[nodiscard]] const Command* named(std::string_view node) const;

    /// An `<iq type='set'/>` with a `<command/>`, from `user`. It is answered.
    void received(const Stanza& iq, const Address& user);

    /// Those that can go on.
    [[nodiscard]] std::size_t open_sessions() const;

  private:
    struct Session {
        std::string id;  ///< unguessable
        const Command* command;
        std::string requester;  ///< the full address it belongs to
        Address user;
        Clock::Time used;
        std::vector<CommandStage> stages = {};  ///< the last one is being shown
        bool working = false;                   ///< a reply is being worked out
        bool ended = false;                     ///< kept to tell an old session from an invented one
    };

    using Sessions = std::list<Session>;  // by age

    void begin(IqReply reply, const Command& command, const std::string& requester, const Address& user);
    void go_on(IqReply reply, Session& session, std::string_view action, const Stanza& command);
    void submit(IqReply reply, Session& session, const Stanza& command);
    /// Where the outcome of what is worked out for this session goes.
    [[nodiscard]] CommandReply outcome(IqReply reply, const Session& session);
    void proceed(const IqReply& reply, Session& session, std::variant<CommandStage, CommandRefusal> what);

    [[nodiscard]] Session* find(std::string_view id, std::string_view requester);
    [[nodiscard]] bool make_room(const Address& user);
    static void end(Session& session);

    void show(const IqReply& reply, const Session& session, std::string_view status,
              const CommandStage& stage) const;
    void send_error(const IqReply& reply, std::string_view node, std::string_view session_id,
                    StanzaError error) const;

    Clock& clock_;
    std::function<void(std::string_view)> send_;
    std::list<Command> commands_;  // their addresses are kept
    Sessions sessions_;
    RateLimiter work_;
};

}  // namespace usher
