#include "plugin/usherctl/command_line.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <limits>

#include "plugin/settings/syntax.h"
#include "plugin/text/since.h"
#include "plugin/text/terminal.h"
#include "policy/party.h"

namespace usher
{

namespace
{

const CLI::Validator kAddress(
    [](const std::string& text) {
        const bool good = Address::prepare(text).has_value() && text.find('/') == std::string::npos;
        const auto written = syntax::in_u_labels(text);
        return good ? std::string()
                    : "not an address such as juliet@example.org: " + printable(text) +
                          (written ? "; did you mean " + printable(*written) + "?" : "");
    },
    "");

const CLI::Validator kContact(
    [](const std::string& text) {
        return Party::read(text)
                   ? std::string()
                   : "not an address such as romeo@example.net or gateway.example.net: " + printable(text);
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
        std::int64_t id = -1;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
        const bool good = error == std::errc() && end == text.data() + text.size() && id >= 0;
        return good ? std::string() : "not a decision's id, which is a number: " + printable(text);
    },
    "");

/// Describes the commands to CLI11, which fills in `read`.
class Grammar
{
  public:
    explicit Grammar(CommandLine& read) : read_(read), arguments_(read.arguments)
    {
        app_.footer(
            "Exit status: 0 done; 1 refused or failed, with the reason on standard error; "
            "2 wrong command line.\n"
            "Whoever can open the socket may do everything: root, and the members of the group that usherd "
            "runs in.");
        app_.add_option("--socket", arguments_.socket, "The daemon's control socket")
            ->type_name("PATH")
            ->capture_default_str();
        app_.add_flag("--json", arguments_.json,
                      "Print what the daemon says, as JSON, one object on each line");
        app_.set_version_flag("--version", "usherctl " USHER_VERSION);
        app_.require_subcommand(1);
        app_.fallthrough();
        add_commands();
    }
    Grammar(const Grammar&) = delete;
    Grammar& operator=(const Grammar&) = delete;

    CLI::App& app() { return app_; }

  private:
    /// In the order of the help.
    void add_commands()
    {
        add("status", "Show whether requests are answered: the connection, each domain, counts of decisions",
            &Commands::status);
        add("check", "Ask the server whether requests can be answered on every domain, and what is missing",
            &Commands::check);
        CLI::App* explain = add("explain", "Explain, step by step, what would be answered to a request now",
                                &Commands::explain);
        add_user(explain)->required();
        add_contact(explain)->required();
        add_option();
        add_exceptions();
        add_user(add("waiting", "List the requests that wait for an answer, of all users or of one",
                     &Commands::waiting));
        add_answer();
        CLI::App* review = add("review", "Show how the policy in force would answer the waiting requests",
                               &Commands::review);
        add_user(review);
        review->add_flag("--apply", arguments_.apply, "Send those answers");
        add_journal();
        add_replay();
        add_federation();
        add_approvals();
        add_organization();
        add("reload", "Read the settings file again; one that is not valid changes nothing",
            &Commands::reload);
        add_web();
        add_setup();
        add_archive();
    }

    CLI::App* add(const char* name, const char* description, int (Commands::*function)())
    {
        CLI::App* added = app_.add_subcommand(name, description);
        added->callback([this, function] { read_.command = function; });
        return added;
    }

    CLI::Option* add_user(CLI::App* command)
    {
        return command->add_option("user", arguments_.user, "Who receives the request")
            ->type_name("USER")
            ->check(kAddress);
    }
    CLI::Option* add_contact(CLI::App* command)
    {
        return command->add_option("contact", arguments_.contact, "Who sends the request")
            ->type_name("CONTACT")
            ->check(kContact);
    }

    void add_since(CLI::App* command, const std::string& description)
    {
        command
            ->add_option("--since", arguments_.since,
                         description + ": " + std::string(kSinceAccepted) +
                             " (in local time unless it says otherwise)")
            ->type_name("TIME")
            ->check(kSince);
    }

    void add_option()
    {
        CLI::App* option =
            add("option", "Show or set a user's option for contact list requests", &Commands::option);
        add_user(option)->required();
        option
            ->add_option(
                "option", arguments_.option,
                "all: accept requests automatically from all contacts; organization: from contacts in "
                "the user's organization; prompt: prompt the user for each request; default: whatever "
                "applies to users who have chosen nothing")
            ->type_name("OPTION")
            ->check(CLI::IsMember({"all", "organization", "prompt", "default"}));
    }

    void add_exceptions()
    {
        CLI::App* exceptions = add(
            "exceptions",
            "Show or change a user's exceptions: contacts and domains whose requests the option does not decide",
            &Commands::exceptions);
        add_user(exceptions)->required();
        const auto add_entries = [exceptions](const char* name, std::vector<std::string>& entries,
                                              const char* description) {
            exceptions->add_option(name, entries, description)->type_name("ADDRESS|DOMAIN")->delimiter(',');
        };
        add_entries("--always-accept", arguments_.always_accept,
                    "Approve requests of this contact or domain");
        add_entries("--never-accept", arguments_.never_accept, "Deny them");
        add_entries("--always-ask", arguments_.always_ask, "Leave them to the user");
        add_entries("--remove", arguments_.remove, "No exception for it any more");
    }

    void add_answer()
    {
        CLI::App* answer =
            add("answer", "Answer a waiting request, whatever the policy says", &Commands::answer);
        add_user(answer)->required();
        add_contact(answer)->required();
        answer->add_option("answer", arguments_.answer, "approve or deny")
            ->type_name("ANSWER")
            ->check(CLI::IsMember({"approve", "deny"}))
            ->required();
    }

    void add_journal()
    {
        CLI::App* journal = add("journal", "Show what was decided, and why", &Commands::journal);
        journal->add_option("id", arguments_.id, "A decision, to show everything that is recorded about it")
            ->type_name("ID")
            ->check(kId);
        journal->add_option("--user", arguments_.user, "Only requests to this user")
            ->type_name("USER")
            ->check(kAddress);
        journal->add_option("--contact", arguments_.contact, "Only requests from this contact")
            ->type_name("CONTACT")
            ->check(kContact);
        add_since(journal, "Everything since then");
        journal->add_option("-n,--last", arguments_.last, "Only the last N (without --since: 50)")
            ->type_name("N")
            ->check(CLI::Range(1, 1000));
        journal->add_flag("-f,--follow", arguments_.follow,
                          "Go on with what is decided from now on, until Ctrl-C");
    }

    void add_replay()
    {
        CLI::App* replay = add("replay", "Show what another policy would have answered, or the one in force",
                               &Commands::replay);
        replay
            ->add_option("--config", arguments_.config,
                         "A settings file that is not in force; without it, the policy in force decides")
            ->type_name("FILE");
        replay
            ->add_flag("--own-policy", arguments_.own_policies,
                       "Each decision under the policy that it was made under: none should differ")
            ->excludes("--config");
        add_since(replay, "Only what was decided since then");
        replay->add_option("--user", arguments_.user, "Only requests to this user")
            ->type_name("USER")
            ->check(kAddress);
        replay
            ->add_option("--organization", arguments_.organization,
                         "Only requests to users of this organization")
            ->type_name("ORGANIZATION");
    }

    void add_federation()
    {
        CLI::App* federation =
            add("federation", "List the other domains that have asked for users, and what became of it",
                &Commands::federation);
        federation->add_option("organization", arguments_.organization, "Only of this organization")
            ->type_name("ORGANIZATION");
        add_since(federation, "Since then; without it, of the last 30 days");
    }

    void add_approvals()
    {
        add_approval_filters(add("approvals", "List who sees users' presence because policy has approved it",
                                 &Commands::approvals));
        CLI::App* revoke = add(
            "revoke", "Show which of policy's approvals would be revoked, and which are users' own by now",
            &Commands::revoke);
        add_approval_filters(revoke);
        revoke->add_flag("--apply", arguments_.apply, "Revoke them");
    }

    void add_approval_filters(CLI::App* command)
    {
        command->add_option("--organization", arguments_.organization, "Only of this organization's users")
            ->type_name("ORGANIZATION");
        command->add_option("--user", arguments_.user, "Only of this user")
            ->type_name("USER")
            ->check(kAddress);
        command->add_option("--contact", arguments_.contact, "Only for this contact")
            ->type_name("CONTACT")
            ->check(kContact);
        command
            ->add_option("--rule", arguments_.rule,
                         "Only by the rule that had this number when it approved them")
            ->type_name("N")
            ->check(CLI::Range(1U, std::numeric_limits<unsigned>::max()));
        command->add_option("--reason", arguments_.reason, "Only for this reason")
            ->type_name("REASON")
            ->check(CLI::IsMember({"rule", "asked_for", "all_contacts", "in_organization"}));
        add_since(command, "Only what was approved since then");
        command->add_flag("--no-longer", arguments_.no_longer,
                          "Only what the policy in force would not approve any more");
    }

    void add_archive()
    {
        CLI::App* archive = add("archive", "Show what is wanted for users' message archives, and who has it",
                                &Commands::archive);
        CLI::Option* organization =
            archive->add_option("--organization", arguments_.organization, "Only of this organization")
                ->type_name("ORGANIZATION");
        archive->add_option("--user", arguments_.user, "Only of this user, as the server says now")
            ->type_name("USER")
            ->check(kAddress)
            ->excludes(organization);
    }

    void add_organization()
    {
        CLI::App* organization =
            add("organization", "Show or change an organization's settings while usherd runs",
                &Commands::organization);
        organization->add_option("organization", arguments_.organization, "Its name in the settings")
            ->type_name("ORGANIZATION")
            ->required();
        organization
            ->add_option("--users-may-choose", arguments_.users_may_choose,
                         "Allow users to set their option for contact list requests")
            ->type_name("yes|no")
            ->check(CLI::IsMember({"yes", "no"}));
        organization
            ->add_option("--option", arguments_.option,
                         "The option in force, or the one that users start from where they may choose")
            ->type_name("OPTION")
            ->check(CLI::IsMember({"all", "organization", "prompt"}));
        organization
            ->add_option("--domains", arguments_.domains,
                         "The organization's domains, of those that the settings file gives it")
            ->type_name("DOMAIN,...")
            ->delimiter(',');
        CLI::Option* federation =
            organization
                ->add_option(
                    "--federation", arguments_.federation,
                    "Requests from other domains: open, handled like all others; closed, shut out; listed, "
                    "shut out unless named in --federation-domains")
                ->type_name("open|closed|listed")
                ->check(CLI::IsMember({"open", "closed", "listed"}));
        organization
            ->add_option("--federation-domains", arguments_.federation_domains,
                         "The domains that are let in; *.example.net is every domain below example.net")
            ->type_name("DOMAIN,...")
            ->delimiter(',')
            ->needs(federation);
        organization
            ->add_option("--federation-answer", arguments_.federation_answer,
                         "For requests that are shut out: leave them to the user, or deny them")
            ->type_name("leave|deny")
            ->check(CLI::IsMember({"leave", "deny"}))
            ->needs(federation);
        organization
            ->add_flag("--reset", arguments_.reset, "Forget what was saved: the settings file is in force")
            ->excludes("--users-may-choose")
            ->excludes("--option")
            ->excludes("--domains")
            ->excludes("--federation");
    }

    void add_web()
    {
        CLI::App* web =
            add("web", "Print a link that opens the administration page: once, within ten minutes",
                &Commands::web);
        CLI::Option* end =
            web->add_option("--end", arguments_.session, "End this session")->type_name("SESSION");
        web->add_flag("--sessions", arguments_.sessions, "List who is logged in at the page")->excludes(end);
    }

    void add_setup()
    {
        CLI::App* setup =
            add("setup", "Write the first settings, and print what belongs in the server's configuration",
                &Commands::setup);
        setup->add_option("--server", arguments_.server, "The XMPP server on this machine")
            ->type_name("prosody|ejabberd")
            ->check(CLI::IsMember({"prosody", "ejabberd"}));
        setup
            ->add_option("--domain", arguments_.setup.domains,
                         "The domain of the users' addresses; several with commas")
            ->type_name("DOMAIN,...")
            ->delimiter(',');
        setup
            ->add_option(
                "--login", arguments_.login,
                "How usherd logs in: as component usher.DOMAIN, which is usual where it runs beside the "
                "server, or as account usher@DOMAIN")
            ->type_name("component|account")
            ->check(CLI::IsMember({"component", "account"}));
        setup
            ->add_option("--page", arguments_.page,
                         "Whether the settings have the administration page, at 127.0.0.1 port 5281")
            ->type_name("yes|no")
            ->check(CLI::IsMember({"yes", "no"}));
        setup->add_option("--config", arguments_.setup.settings_file, "The settings file")
            ->type_name("FILE")
            ->capture_default_str();
        setup->add_flag("--replace", arguments_.setup.replace,
                        "Write the settings anew where there are some; the old ones are moved aside");
    }

    CommandLine& read_;
    Arguments& arguments_;
    CLI::App app_{"Queries and controls usherd, which answers XMPP contact requests on users' behalf.",
                  "usherctl"};
};

}  // namespace

tl::expected<CommandLine, UsherctlExit> read_command_line(int argc, char** argv)
{
    CommandLine read;
    Grammar grammar(read);
    try {
        grammar.app().parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return tl::unexpected(grammar.app().exit(error) == 0 ? kDone : kUsage);
    }
    return read;
}

}  // namespace usher
