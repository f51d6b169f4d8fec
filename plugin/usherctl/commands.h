// What each command of usherctl does: it asks the daemon for one resource of openapi.yaml, or a few, and
// prints the answer.
//
// Not here: the command line (command_line.h), and the words for people (reports.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/usherctl/client.h"
#include "plugin/usherctl/exit_codes.h"
#include "plugin/usherctl/setup_command.h"

namespace usher
{

/// What the command line says. Empty: not given.
struct Arguments {
    std::string socket = "/run/usher/control.sock";
    bool json = false;
    std::string user;
    std::string contact;
    std::string option;
    std::vector<std::string> always_accept;
    std::vector<std::string> never_accept;
    std::vector<std::string> always_ask;
    std::vector<std::string> remove;
    std::string answer;
    bool apply = false;
    std::string since;
    bool follow = false;
    std::optional<unsigned> last;
    std::string id;
    std::optional<unsigned> rule;
    std::string reason;
    bool no_longer = false;
    std::string organization;
    std::optional<std::string> users_may_choose;
    std::vector<std::string> domains;
    std::string federation;
    std::vector<std::string> federation_domains;
    std::string federation_answer;
    bool reset = false;
    std::string config;
    bool own_policies = false;
    bool sessions = false;
    std::string session;  ///< to be ended
    SetupOrder setup;
    std::string server;
    std::string login;
    std::string page;
};

/// Each command returns the exit status. If the daemon's answer is not as documented, it throws what
/// nlohmann-json throws.
class Commands
{
  public:
    explicit Commands(Arguments arguments);

    int status();
    int check();
    int reload();
    int explain();
    int option();
    int exceptions();
    int waiting();
    int answer();
    int review();
    int journal();
    int replay();
    int federation();
    int approvals();
    int revoke();
    int organization();
    int web();
    int setup();
    int archive();

  private:
    using Json = ControlClient::Json;
    using Query = std::vector<std::pair<std::string, std::string>>;

    template <typename Text>
    int show(const ControlClient::Result<Json>& answer, Text text);
    void print_json(const Json& json) const;
    /// `?user=USER` where one is given.
    [[nodiscard]] std::string user_query() const;

    void print_record(const Json& record) const;
    /// What narrows the journal down, without the time.
    [[nodiscard]] Query filters() const;
    [[nodiscard]] ControlClient::Result<std::vector<Json>> ask_journal(const Query& query);
    /// Shows what is found; returns how many records.
    [[nodiscard]] ControlClient::Result<std::size_t> show_records(const Query& query);
    /// Shows what is found after the last record seen.
    [[nodiscard]] ControlClient::Result<void> show_newer(Query query);
    /// Shows everything since the time that was given, otherwise the last records.
    [[nodiscard]] ControlClient::Result<void> show_past(unsigned last_by_default);
    /// 0 while the journal is empty.
    [[nodiscard]] ControlClient::Result<std::int64_t> newest_id();
    int follow_journal();
    /// Which approvals are asked for.
    [[nodiscard]] Query approval_filters() const;
    /// All parts of a replay, added up.
    [[nodiscard]] ControlClient::Result<Json> replay_all(const Json& body);

    Arguments arguments_;
    ControlClient client_;
    const std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
    std::int64_t seen_ = 0;  // the greatest id of the journal that was shown, or need not be
};

}  // namespace usher
