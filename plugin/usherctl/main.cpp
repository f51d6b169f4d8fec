// usherctl: asks and steers a running usherd through its control socket.
//
// It decides nothing and keeps nothing: every command is one resource of openapi.yaml, or a few. Only `setup`
// is for the time before there is a daemon.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "plugin/text/since.h"
#include "plugin/text/terminal.h"
#include "plugin/text/timestamp.h"
#include "plugin/usherctl/client.h"
#include "plugin/usherctl/reports.h"
#include "plugin/usherctl/setup_command.h"
#include "policy/address.h"

namespace
{

using namespace usher;
using Json = ControlClient::Json;

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2 };

struct Arguments {
    std::string socket = "/run/usher/control.sock";
    bool json = false;
    std::string user;
    std::string contact;
    std::string option;
    std::string answer;
    bool apply = false;
    std::string since;
    bool follow = false;
    std::optional<unsigned> last;
    std::string id;
    std::string organization;
    std::optional<std::string> users_may_choose;
    std::vector<std::string> domains;
    bool reset = false;
    SetupOrder setup;
    std::string server;
    std::string login;
};

const CLI::Validator kAddress(
    [](const std::string& text) {
        const bool good = Address::prepare(text).has_value() && text.find('/') == std::string::npos;
        return good ? std::string() : "not an address such as juliet@example.org: " + printable(text);
    },
    "");

const CLI::Validator kSince(
    [](const std::string& text) {
        return read_since(text, std::chrono::system_clock::now())
                   ? std::string()
                   : "not a time: " + printable(text) + "; accepted: " + std::string(kSinceAccepted);
    },
    "");

const CLI::Validator kId(
    [](const std::string& text) {
        const bool good =
            !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == std::string::npos;
        return good ? std::string() : "not a decision's id, which is a number: " + printable(text);
    },
    "");

/// Runs one command against the daemon.
class Command
{
  public:
    explicit Command(const Arguments& arguments)
        : arguments_(arguments), client_(arguments.socket, ::isatty(STDERR_FILENO) != 0)
    {
    }

    int status() { return show(client_.ask("GET", "/v1/status"), control_report::status); }

    int check()
    {
        auto check = client_.ask("GET", "/v1/check");
        if (!check) {
            return failed(check.error() + "\n`usherd --check --online` asks without it");
        }
        const int code = show(check, control_report::check);
        return code == kDone && !check->at("all_answered").get<bool>() ? kFailed : code;
    }

    int reload() { return show(client_.ask("POST", "/v1/reload"), control_report::reloaded); }

    int explain()
    {
        return show(client_.ask("GET", "/v1/explain?user=" + encoded(arguments_.user) +
                                           "&contact=" + encoded(arguments_.contact)),
                    control_report::explanation);
    }

    int option()
    {
        const std::string target = "/v1/option/" + encoded(arguments_.user);
        if (arguments_.option.empty()) {
            return show(client_.ask("GET", target), control_report::option);
        }
        return show(arguments_.option == "default"
                        ? client_.ask("DELETE", target)
                        : client_.ask("PUT", target, {{"option", arguments_.option}}),
                    control_report::option);
    }

    int waiting() { return show(client_.ask("GET", "/v1/waiting" + of_user()), control_report::waiting); }

    int answer()
    {
        return show(
            client_.ask(
                "POST", "/v1/answer",
                {{"user", arguments_.user}, {"contact", arguments_.contact}, {"answer", arguments_.answer}}),
            [this](const Json& json) {
                return std::string(arguments_.answer == "approve" ? "Approved" : "Denied") + ": " +
                       printable(arguments_.contact) + " -> " + printable(arguments_.user) + " (decision " +
                       printable(json.at("id").get<std::string>()) + ")\n";
            });
    }

    int review()
    {
        const auto review = client_.ask(arguments_.apply ? "POST" : "GET", "/v1/review" + of_user());
        const int code =
            show(review, [this](const Json& json) { return control_report::review(json, arguments_.apply); });
        return code == kDone && arguments_.apply && !all_answered(*review) ? kFailed : code;
    }

    int journal()
    {
        if (!arguments_.id.empty()) {
            return show(client_.ask("GET", "/v1/journal/" + arguments_.id), control_report::decision);
        }
        if (!arguments_.since.empty() && !arguments_.last) {
            return all_since();
        }
        constexpr unsigned kLast = 50;
        constexpr unsigned kLastWhileFollowing = 10;
        const unsigned last = arguments_.last.value_or(arguments_.follow ? kLastWhileFollowing : kLast);
        return read_journal(
            {{"limit", std::to_string(last)}, {"follow", arguments_.follow ? "true" : "false"}});
    }

    int organization()
    {
        const std::string target = "/v1/organizations/" + encoded(arguments_.organization) + "/general";
        if (arguments_.reset) {
            return show(client_.ask("DELETE", target), control_report::general);
        }
        Json change = Json::object();
        if (arguments_.users_may_choose) {
            change["users_may_choose"] = *arguments_.users_may_choose == "yes";
        }
        if (!arguments_.option.empty()) {
            change["option"] = arguments_.option;
        }
        if (!arguments_.domains.empty()) {
            change["domains"] = arguments_.domains;
        }
        return show(change.empty() ? client_.ask("GET", target) : client_.ask("PUT", target, change),
                    control_report::general);
    }

    int setup()
    {
        SetupOrder order = arguments_.setup;
        if (!arguments_.server.empty()) {
            order.server = arguments_.server == "prosody" ? ServerKind::prosody : ServerKind::ejabberd;
        }
        if (!arguments_.login.empty()) {
            order.login = arguments_.login == "component" ? LoginKind::component : LoginKind::account;
        }
        return set_up(order);
    }

  private:
    using Query = std::vector<std::pair<std::string, std::string>>;

    [[nodiscard]] std::string of_user() const
    {
        return arguments_.user.empty() ? std::string() : "?user=" + encoded(arguments_.user);
    }

    static int failed(const std::string& why)
    {
        std::cout.flush();
        std::string_view rest = why;
        while (!rest.empty()) {  // the errors of a settings file come one on each line
            const std::size_t end = rest.find('\n');
            std::cerr << "usherctl: " << printable(rest.substr(0, end)) << "\n";
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        }
        return kFailed;
    }

    void print_json(const Json& json) const
    {
        std::cout << json.dump(-1, ' ', true, Json::error_handler_t::replace) << "\n";
    }

    template <typename Text>
    int show(const ControlClient::Result<Json>& answer, Text text)
    {
        if (!answer) {
            return failed(answer.error());
        }
        if (arguments_.json) {
            print_json(*answer);
        } else {
            std::cout << text(*answer);
        }
        return kDone;
    }

    static bool all_answered(const Json& review)
    {
        for (const Json& request : review.at("requests")) {
            const Json& outcome = request.at("outcome");
            if (outcome.is_null() ? request.at("answer") != "leave"
                                  : outcome == "refused" || outcome == "lost") {
                return false;
            }
        }
        return true;
    }

    // --- the journal

    void add_filters(std::string& target, const Query& more) const
    {
        Query query = more;
        const auto add = [&query](const char* key, const std::string& value) {
            if (!value.empty()) {
                query.emplace_back(key, value);
            }
        };
        add("user", arguments_.user);
        add("contact", arguments_.contact);
        if (!arguments_.since.empty()) {
            add("since", timestamp(*read_since(arguments_.since, now_)));
        }
        for (const auto& [key, value] : query) {
            target += (target.find('?') == std::string::npos ? "?" : "&") + key + "=" + encoded(value);
        }
    }

    int read_journal(const Query& query)
    {
        std::string target = "/v1/journal";
        add_filters(target, query);
        const auto read = client_.read_lines(target, [this](const Json& record) {
            if (arguments_.json) {
                print_json(record);
            } else {
                std::cout << control_report::decision_line(record);
            }
            std::cout.flush();
            last_id_ = record.at("id").get<std::string>();
            ++records_;
            return static_cast<bool>(std::cout);
        });
        if (!read) {
            return failed(read.error());
        }
        if (arguments_.follow && std::cout) {
            return failed("usherd has stopped");
        }
        return kDone;
    }

    /// From the first one on, in portions that the daemon has time for between requests.
    int all_since()
    {
        constexpr std::size_t kPortion = 1'000;
        const bool follow = std::exchange(arguments_.follow, false);
        for (;;) {
            const std::size_t before = records_;
            const int code = read_journal({{"after", last_id_}, {"limit", std::to_string(kPortion)}});
            if (code != kDone || !std::cout) {
                return code;
            }
            if (records_ - before < kPortion) {
                break;
            }
        }
        if (!follow) {
            return kDone;
        }
        arguments_.follow = true;
        return read_journal({{"after", last_id_}, {"limit", std::to_string(kPortion)}, {"follow", "true"}});
    }

    Arguments arguments_;
    ControlClient client_;
    const std::chrono::system_clock::time_point now_ = std::chrono::system_clock::now();
    std::string last_id_ = "0";
    std::size_t records_ = 0;
};

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app("Asks and steers usherd, which answers XMPP contact requests on users' behalf.", "usherctl");
    app.footer(
        "Exit status: 0 done; 1 refused or failed, with the reason on standard error; 2 wrong command line.\n"
        "Whoever can open the socket may do everything: root, and the members of the group that usherd "
        "runs in.");
    Arguments arguments;
    app.add_option("--socket", arguments.socket, "The daemon's control socket")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_flag("--json", arguments.json, "Print what the daemon says, as JSON, one object on each line");
    app.set_version_flag("--version", "usherctl " USHER_VERSION);
    app.require_subcommand(1);
    app.fallthrough();

    const CLI::IsMember options({"all", "organization", "prompt"});
    const auto user = [&arguments](CLI::App* command) {
        return command->add_option("user", arguments.user, "Who receives the request")
            ->type_name("USER")
            ->check(kAddress);
    };
    const auto contact = [&arguments](CLI::App* command) {
        return command->add_option("contact", arguments.contact, "Who sends the request")
            ->type_name("CONTACT")
            ->check(kAddress);
    };

    int (Command::*run)() = nullptr;
    const auto command = [&](const char* name, const char* description, int (Command::*function)()) {
        CLI::App* added = app.add_subcommand(name, description);
        added->callback([&run, function] { run = function; });
        return added;
    };

    command("status", "Show whether requests are answered: the connection, each domain, counts of decisions",
            &Command::status);
    command("check", "Ask the server whether requests can be answered on every domain, and what is missing",
            &Command::check);
    CLI::App* explain = command("explain", "Explain, step by step, what would be answered to a request now",
                                &Command::explain);
    user(explain)->required();
    contact(explain)->required();

    CLI::App* option =
        command("option", "Show or set a user's option for contact list requests", &Command::option);
    user(option)->required();
    option
        ->add_option("option", arguments.option,
                     "all: accept requests automatically from all contacts; organization: from contacts in "
                     "the user's organization; prompt: prompt the user for each request; default: whatever "
                     "applies to users who have chosen nothing")
        ->type_name("OPTION")
        ->check(CLI::IsMember({"all", "organization", "prompt", "default"}));

    user(command("waiting", "List the requests that wait for an answer, of all users or of one",
                 &Command::waiting));

    CLI::App* answer =
        command("answer", "Answer a request that waits, whatever policy says of it", &Command::answer);
    user(answer)->required();
    contact(answer)->required();
    answer->add_option("answer", arguments.answer, "approve or deny")
        ->type_name("ANSWER")
        ->check(CLI::IsMember({"approve", "deny"}))
        ->required();

    CLI::App* review =
        command("review", "Show what the policy in force says of the requests that wait", &Command::review);
    user(review);
    review->add_flag("--apply", arguments.apply, "Give those answers");

    CLI::App* journal = command("journal", "Show what was decided, and why", &Command::journal);
    journal->add_option("id", arguments.id, "A decision, to show all there is to know of it")
        ->type_name("ID")
        ->check(kId);
    journal->add_option("--user", arguments.user, "Only requests to this user")
        ->type_name("USER")
        ->check(kAddress);
    journal->add_option("--contact", arguments.contact, "Only requests from this contact")
        ->type_name("CONTACT")
        ->check(kAddress);
    journal
        ->add_option("--since", arguments.since,
                     "Everything since then: " + std::string(kSinceAccepted) +
                         " (in local time unless it says otherwise)")
        ->type_name("TIME")
        ->check(kSince);
    journal->add_option("-n,--last", arguments.last, "Only the last N (without --since: 50)")
        ->type_name("N")
        ->check(CLI::Range(1, 1000));
    journal->add_flag("-f,--follow", arguments.follow,
                      "Go on with what is decided from now on, until Ctrl-C");

    CLI::App* organization =
        command("organization", "Show or change an organization's settings while usherd runs",
                &Command::organization);
    organization->add_option("organization", arguments.organization, "Its name in the settings")
        ->type_name("ORGANIZATION")
        ->required();
    organization
        ->add_option("--users-may-choose", arguments.users_may_choose,
                     "Allow users to set their option for contact list requests")
        ->type_name("yes|no")
        ->check(CLI::IsMember({"yes", "no"}));
    organization
        ->add_option("--option", arguments.option,
                     "The option in force, or the one that users start from where they may choose")
        ->type_name("OPTION")
        ->check(options);
    organization
        ->add_option("--domains", arguments.domains,
                     "The organization's domains, of those that the settings file gives it")
        ->type_name("DOMAIN,...")
        ->delimiter(',');
    organization->add_flag("--reset", arguments.reset, "Forget what was saved: the settings file is in force")
        ->excludes("--users-may-choose")
        ->excludes("--option")
        ->excludes("--domains");

    command("reload", "Read the settings file again; one that is not valid changes nothing",
            &Command::reload);

    CLI::App* setup =
        command("setup", "Write the first settings, and print what belongs into the server's configuration",
                &Command::setup);
    setup->add_option("--server", arguments.server, "The XMPP server on this machine")
        ->type_name("prosody|ejabberd")
        ->check(CLI::IsMember({"prosody", "ejabberd"}));
    setup
        ->add_option("--domain", arguments.setup.domains,
                     "The domain of the users' addresses; several with commas")
        ->type_name("DOMAIN,...")
        ->delimiter(',');
    setup
        ->add_option("--login", arguments.login,
                     "How usherd logs in: as component usher.DOMAIN, which is usual where it runs beside the "
                     "server, or as account usher@DOMAIN")
        ->type_name("component|account")
        ->check(CLI::IsMember({"component", "account"}));
    setup->add_option("--config", arguments.setup.settings_file, "The settings file")
        ->type_name("FILE")
        ->capture_default_str();
    setup->add_flag("--replace", arguments.setup.replace,
                    "Write the settings anew where there are some; the old ones are moved aside");

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kDone : kUsage;
    }
    try {
        return (Command(arguments).*run)();
    } catch (const std::exception& error) {
        std::cerr << "usherctl: unexpected reply: are usherd and usherctl the same version? ("
                  << printable(error.what()) << ")\n";
        return kFailed;
    }
}
