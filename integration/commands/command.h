// Ad-hoc commands (XEP-0050): menus that users work through in their own client.
//
// The responder's side: commands, sessions, actions, errors. A session travels in its id (session_id.h), so a form may come
// back to another instance than the one that showed it. Not here: what a command does and who may run it, which each
// `Command` defines.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "integration/base/clock.h"
#include "integration/base/rate_limiter.h"
#include "integration/commands/session_id.h"
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

/// Why a command was not carried out. The text is shown to the user.
struct CommandRefusal {
    /// If true, the user may not do this: they get an error. If false, they can correct the form or try again: it is shown
    /// once more, with the text as a note.
    bool forbidden = false;
    std::string text;
};

/// A form to be filled in.
struct CommandForm {
    DataForm form;
    /// What has to be known when the form comes back of the state that it was made of, because that may have changed by
    /// then. Part of the session id: one line, some hundred bytes at most, nothing secret.
    std::string basis = {};
};

/// The form as the user filled it in, and its basis; both empty if the command has none.
struct CommandInput {
    FormValues values = {};
    std::string basis = {};
    std::string requester = {};  ///< the full address of the user's client
};

/// What completes a command: text to read.
struct CommandResult {
    std::vector<CommandNote> notes = {};
    std::optional<DataForm> payload = {};
};

/// To be called exactly once, immediately or later.
using CommandFormReply = std::function<void(std::variant<CommandForm, CommandRefusal>)>;
using CommandReply = std::function<void(std::variant<CommandResult, CommandRefusal>)>;

struct Command {
    std::string node;
    std::string name;
    /// Why this user may not run it; empty if they may. Called for each stanza.
    std::function<std::optional<std::string>(const Address& user)> why_refused = {};
    /// Makes the form, and has no effect: the form is made once more when it comes back, by whichever instance gets it. Then
    /// `basis` is what it was at first, otherwise empty; fields that are not required are to have the values that they had
    /// at first, because a client need not send those. May be null: a command without a form.
    std::function<void(const Address& user, const std::string& basis, CommandFormReply reply)> form = {};
    /// Carries the command out. The same form may be submitted again until its session expires, since nobody remembers that
    /// it was: that must do no more than once would.
    std::function<void(const Address& user, const CommandInput& input, CommandReply reply)> execute = {};
};

class Commands
{
  public:
    /// A session expires this long after it began.
    static constexpr std::chrono::minutes kLifetime{10};
    /// Commands begun and forms submitted by one user in a minute. More are refused.
    static constexpr std::size_t kMaxPerMinute = 60;
    /// Those of one user, and of all, that are being worked on. More are refused.
    static constexpr std::size_t kMaxUnderWay = 8;
    static constexpr std::size_t kMaxUnderWayInAll = 2000;

    /// `clock` limits; `wall_clock` says when a session began, which other instances have to understand.
    Commands(Clock& clock, std::function<std::chrono::system_clock::time_point()> wall_clock,
             std::function<void(std::string_view)> send);

    /// The key of the session ids, the same for all instances at one address. Without it, a random one: sessions are this
    /// object's own. See SessionIds.
    void set_session_key(std::string key) { session_ids_ = SessionIds(std::move(key)); }

    void add(Command command) { commands_.push_back(std::move(command)); }

    /// The commands that this user may run, in the order they were added.
    [[nodiscard]] std::vector<const Command*> allowed_for(const Address& user) const;
    /// The command with this node, or null.
    [[nodiscard]] const Command* named(std::string_view node) const;

    /// Answers an `<iq type='set'/>` with a `<command/>` from `user`.
    void received(const Stanza& iq, const Address& user);

  private:
    /// One stanza, while it is answered.
    struct Request {
        IqReply reply;
        const Command* command;
        std::string requester;  ///< the full address
        Address user;
        std::string id;  ///< of the session; empty before there is one
    };

    void begin(Request request);
    void continue_session(const Request& request, const Stanza& element);
    void submit(const Request& request, const std::string& basis, const Stanza& element);
    /// Calls `then` with the command's form. Without it the command is at its end, with the reason.
    void make_form(const Request& request, const std::string& basis, std::function<void(CommandForm)> then);
    /// `form` is shown again if the user has to correct it.
    void execute(const Request& request, const CommandInput& input, std::optional<DataForm> form);
    [[nodiscard]] bool may_work_for(const Address& user);
    void work_ended(const Address& user) { under_way_.erase(under_way_.find(user)); }

    void show_form(const Request& request, const DataForm& form,
                   const std::vector<std::string>& errors) const;
    void show_end(const Request& request, std::string_view status, const CommandResult& result) const;
    /// Ends a command that has no form to correct.
    void show_refusal(const Request& request, const CommandRefusal& refusal) const;
    void send_error(const Request& request, const StanzaError& error) const;
    void send_error(const IqReply& reply, std::string_view node, std::string_view session_id,
                    const StanzaError& error) const;

    std::function<std::chrono::system_clock::time_point()> wall_clock_;
    std::function<void(std::string_view)> send_;
    SessionIds session_ids_;
    std::list<Command> commands_;  // a list, because requests point to its elements
    RateLimiter limiter_;
    std::unordered_multiset<Address> under_way_;  // the user of each
};

}  // namespace usher
