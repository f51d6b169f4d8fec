#include "plugin/settings/settings_table.h"

#include "plugin/files/unix_socket.h"
#include "plugin/settings/kinds.h"
#include "plugin/settings/syntax.h"
#include "plugin/text/since.h"

namespace usher
{

namespace
{

using namespace kinds;
using enum Presence;
using enum Change;

constexpr std::int64_t kMaxApprovals = 1'000'000;
constexpr std::int64_t kMaxDays = 36'500;
constexpr std::int64_t kMaxReads = 1'000;

constexpr const char* kPath = "an absolute path";
constexpr const char* kNoLimit = " (0: no limit)";

/// XEP-0114 knows no TLS: for a component there is nothing to require.
Kind<ConnectionSettings> tls()
{
    auto kind = choice<ConnectionSettings, bool>(&ConnectionSettings::tls_required,
                                                 {{"required", true}, {"off", false}});
    kind.value = [value = kind.value](const ConnectionSettings& connection) {
        return connection.component && connection.tls_required ? SettingValue() : value(connection);
    };
    return kind;
}

Section<ConnectionSettings> connection()
{
    using C = ConnectionSettings;
    return {
        "connection",
        false,
        false,
        "The server, and who Usher is there: a privileged account, or an external component.",
        {
            {"host", defaulted, on_restart, text(&C::host, "a host name or an IP address", syntax::is_host),
             "Where the server listens for clients, or for components. A name is looked up in /etc/hosts and in "
             "DNS, not in other sources that nsswitch.conf names."},
            {"port", optional, on_restart, number(&C::port, 1, 65535),
             "Without this setting: 5222 for an account, 5347 for a component."},
            {"account", optional, on_restart,
             prepared(&C::account, "an address such as usher@example.org", syntax::read_address),
             "The address of the privileged account (XEP-0356). Either this or component must be given.",
             "\"usher@example.org\"", true},
            {"password_file", optional, on_restart, text(&C::password_file, kPath, syntax::is_path),
             "The account's password: the file's first line, read again for each login. Others than owner and "
             "group must not be able to read the file.",
             "\"/etc/usher/password\"", true},
            {"tls", defaulted, on_restart, tls(),
             "Whether an account's connection must be encrypted. off is accepted for a loopback host only. "
             "Components connect without TLS (XEP-0114)."},
            {"ca_file", optional, on_restart, text(&C::ca_file, kPath, syntax::is_path),
             "The certificate authorities to trust, as a PEM file. Without this setting: the system's.",
             "\"/etc/ssl/certs/ca-certificates.crt\""},
            {"component", optional, on_restart,
             prepared(&C::component, "a domain such as usher.example.org", syntax::read_domain),
             "The domain of the external component (XEP-0114), instead of account.", "\"usher.example.org\""},
            {"secret_file", optional, on_restart, text(&C::secret_file, kPath, syntax::is_path),
             "The component's secret, kept like a password.", "\"/etc/usher/secret\""},
            {"stock_reads_per_second", defaulted, on_reload, number(&C::stock_reads_per_second, 1, kMaxReads),
             "With stock = \"approve\" in an organization: how many rosters are read per second at most to "
             "find requests."},
        },
    };
}

Section<OrganizationSettings> organization()
{
    using O = OrganizationSettings;
    return {
        "organization",
        true,
        false,
        "Domains under one administration, and how requests to their users are handled. May be repeated.",
        {
            {"name", required, on_reload, text<O>(&O::name, "a name, one line of text", syntax::is_name),
             "What users, journal and log call it. Each organization has a name of its own.", "\"Example\""},
            {"domains", required, on_reload,
             list<O, std::string>(
                 &O::domains,
                 {"a list of at least one domain, such as [\"example.org\", \"example.com\"]",
                  "a domain such as example.org, each exact, without *", 1},
                 syntax::read_domain),
             "Its domains, each exact: a subdomain is another domain. A domain is of one organization only.",
             "[\"example.org\", \"example.com\"]"},
            {"users_may_choose", defaulted, on_reload, flag<O>(&O::users_may_choose),
             "Allow users to set \"Options for contact list requests\", and exceptions from it. If not, the option below "
             "is in force for everybody, without exceptions."},
            {"option", defaulted, on_reload, choice<O, Option>(&O::option, names_of(kOptions)),
             "The option in force; with users_may_choose the one that users start from. all: accept requests "
             "automatically from all contacts. organization: accept requests automatically from contacts in "
             "the organization. prompt: prompt users for each request."},
            {"approve_contacts_users_asked_for", defaulted, on_reload,
             flag<O>(&O::approve_contacts_users_asked_for),
             "Approve the requests of contacts whom the user has asked to see."},
            {"ask_back", defaulted, on_reload, flag<O>(&O::ask_back),
             "After an automatic approval, subscribe the user to the contact in return."},
            {"name_contacts", defaulted, on_reload, flag<O>(&O::name_contacts),
             "When a request is approved, put the contact's name into the user's contact list, if the user has given the "
             "contact none. It is the one that this user would be shown by search ([organization.people] of the contact's "
             "organization); whom they could not find is not named. Needs the connector."},
            {"contact_group", optional, on_reload,
             text<O>(&O::contact_group, "a name of at most 256 bytes, one line of text",
                     syntax::is_contact_group),
             "With name_contacts: the group for approved contacts of any domain, known by name or not, whom the user has "
             "put into none.",
             "\"Colleagues\""},
            {"revoke_when_no_longer_approved", defaulted, on_reload,
             choice<O, Revoking>(&O::revoke_when_no_longer_approved,
                                 names_of(std::array{Revoking::never, Revoking::report, Revoking::apply})),
             "What becomes of approvals that policy gave and would not give any more, because rules, groups, federation or "
             "the option have changed. never: they stay. report: usherd looks for them every hour, and status, page, metrics and "
             "log say how many there are. apply: each is revoked 24 hours after it was first found, unless policy would give "
             "it again by then, or the user has made it their own: subscribed to the contact (other than by ask_back), or given "
             "them a name or a group. Most clients subscribe in return, so approvals between people who see each other mostly "
             "stay: usherctl approvals shows which. In the 24 hours, any other value stops it. Needs the connector and its "
             "permission for approvals (Prosody: urn:xmpp:subscription-requests:0#approvals = \"both\"; ejabberd: "
             "approval_entities)."},
            {"stock", defaulted, on_reload, choice<O, bool>(&O::stock, {{"off", false}, {"approve", true}}),
             "For those of the domains where the server has no connector. off: no requests are seen there. "
             "approve: a workaround for servers with XEP-0356. Requests between users of the server are found "
             "in rosters and approved by changing rosters. Requests from other servers are not seen, nothing "
             "is denied, users are sent every request, and the stored request is not cleared: Prosody 0.12 "
             "shows it again at the next login. Needs the permissions roster = \"both\", presence = "
             "\"managed_entity\" and, for iq, urn:xmpp:blocking = \"get\". Not for ejabberd."},
            {"administrators", defaulted, on_reload,
             list<O, Address>(&O::administrators,
                              {"a list of addresses such as [\"admin@example.org\"]",
                               "an address such as admin@example.org", 0},
                              syntax::read_address),
             "Who may change the organization's settings in an XMPP client. Addresses of its own domains.",
             "[\"admin@example.org\"]"},
        },
    };
}

constexpr const char* kPattern = "* or *.example.org or example.org or eve@example.org or group:NAME";
constexpr const char* kPatterns =
    "\"*\", \"*.example.org\", \"example.org\", \"eve@example.org\", \"group:NAME\"";

/// Nobody knows the members before the directory was read.
Kind<Group> members_in_directory()
{
    auto kind = text<Group>(
        &Group::ldap,
        "a filter such as (department=Sales), or a DN such as cn=sales,ou=groups,dc=example,dc=org",
        syntax::is_ldap_group);
    kind.read = [read = kind.read](Group& group, const SettingValue& value, const Refuse& refuse) {
        read(group, value, refuse);
        group.complete = group.ldap.empty();
    };
    return kind;
}

Section<Group> group()
{
    return {
        "organization.group",
        true,
        true,
        "People that rules name together, as group:NAME. May be repeated.",
        {
            {"name", required, on_reload,
             text(&Group::name, "a name of letters, digits, dots, - and _", is_group_name),
             "Each group of an organization has a name of its own.", "\"sales\""},
            {"members", optional, on_reload,
             list(&Group::members, {std::string("a list of ") + kPatterns, kPattern, 0},
                  syntax::read_pattern),
             "Addresses, domains and patterns, as in a rule, and other groups of the organization.",
             "[\"sales.example.org\", \"juliet@example.org\"]"},
            {"ldap", optional, on_reload, members_in_directory(),
             "Further members, from the directory: a filter for people, or the DN of a group. Groups within that group are "
             "followed. While the members are not known, anybody may be in the group: a rule that names it and could match "
             "leaves the request to the user, and no later rule is tried. Needs [ldap].",
             "\"(department=Sales)\""},
        },
    };
}

Kind<Rule> length_of_approval()
{
    constexpr const char* kAccepted = "a length of time of an hour or more, such as 12h, 90d or 2w";
    return {kAccepted,
            [](Rule& rule, const SettingValue& value, const Refuse& refuse) {
                const std::string* found = string_in(value);
                const auto length = found != nullptr ? read_length(*found) : std::nullopt;
                if (!length || *length < std::chrono::hours(1)) {
                    refuse(std::nullopt, accepted_beside(value, kAccepted, true));
                } else {
                    rule.approved_for = *length;
                }
            },
            [](const Rule& rule) {
                return rule.approved_for == std::chrono::seconds(0)
                           ? SettingValue()
                           : SettingValue(to_string(rule.approved_for));
            }};
}

Section<Rule> rule()
{
    const Accepted patterns{std::string("a list of at least one of ") + kPatterns, kPattern, 1};
    return {
        "organization.rule",
        true,
        true,
        "A rule, tried before everything else. May be repeated; the first that matches decides. * is "
        "everybody, example.org every address of exactly this domain and the domain itself, such as a "
        "gateway's, *.example.org those of all domains below it, eve@example.org one address, group:NAME the members "
        "of that group.",
        {
            {"from", required, on_reload, list(&Rule::from, patterns, syntax::read_pattern),
             "The contacts: who sends the request.", "[\"*.spam.example\", \"eve@example.net\"]"},
            {"to", defaulted, on_reload, list(&Rule::to, patterns, syntax::read_pattern),
             "The users: who receives it."},
            {"answer", required, on_reload,
             choice(&Rule::answer, names_of(std::array{Answer::approve, Answer::deny, Answer::leave})),
             "approve and deny on the user's behalf, or leave the request to the user.", "\"deny\""},
            {"for", optional, on_reload, length_of_approval(),
             "With answer = \"approve\": each approval that this rule gives ends so long after it was given. Must be shorter "
             "than [store] journal_days, unless that is 0: approvals are found in the journal. One stays if the user has made "
             "it their own (see revoke_when_no_longer_approved) or has an exception that always accepts the contact. The "
             "contact may ask again. What counts is the length when the approval was given; changes of the rules and "
             "revoke_when_no_longer_approved do not matter. Needs the connector and its permission for approvals.",
             "\"90d\""},
        },
        Rule{{}, {Pattern{Pattern::Kind::everybody, {}}}},
    };
}

Section<Federation> federation()
{
    using F = Federation;
    return {
        "organization.federation",
        false,
        false,
        "Requests from domains other than the organization's.",
        {
            {"mode", defaulted, on_reload,
             choice<F, FederationMode>(&F::mode, {{"open", FederationMode::open},
                                                  {"closed", FederationMode::closed},
                                                  {"listed", FederationMode::listed}}),
             "open: handled like all others. closed: shut out. listed: shut out unless named in domains."},
            {"domains", defaulted, on_reload,
             domain_set(&F::domains, {"a list of domains such as [\"example.net\", \"*.example.net\"]",
                                      "a domain such as example.net or *.example.net", 0}),
             "With mode = \"listed\": the domains let in. *.example.net is every domain below example.net, "
             "not example.net itself."},
            {"answer", defaulted, on_reload,
             choice(&F::answer, names_of(std::array{Answer::leave, Answer::deny})),
             "For requests that are shut out: leave them to the user, or deny them."},
        },
    };
}

Section<PeopleSearch> people()
{
    using P = PeopleSearch;
    constexpr std::int64_t kMaxSearches = 1'000;
    constexpr std::int64_t kMaxPeople = 10'000;
    return {
        "organization.people",
        false,
        false,
        "Search: users find each other by name, in their client's search for people, in Usher's menu, and by sending it "
        "\"find anna\". Needs a connector, and its permission for people. The contact request that follows is like all "
        "others.",
        {
            {"listed", defaulted, on_reload,
             choice<P, Listed>(
                 &P::listed,
                 {{"off", Listed::off}, {"opt-out", Listed::opt_out}, {"opt-in", Listed::opt_in}}),
             "Who is found. off: nobody, there is no search. opt-out: all users but those who have said no. opt-in: those "
             "who have said yes. Users say so in Usher's menu or chat."},
            {"names", defaulted, on_reload,
             choice<P, NamesFrom>(
                 &P::names,
                 {{"vcard", NamesFrom::vcard}, {"ldap", NamesFrom::ldap}, {"file", NamesFrom::file}}),
             "Where names come from. vcard: what users have made public of themselves, from the server. ldap: the directory, "
             "which says as well which users there are. Needs [ldap]. file: the file below, which says so too."},
            {"file", optional, on_reload, text(&P::file, kPath, syntax::is_path),
             "With names = \"file\": the people, one in each line, as JSON: {\"address\": \"juliet@example.org\", "
             "\"full_name\": \"Juliet Capulet\"}. Besides these there may be given_name, family_name, nickname and email. "
             "It is read at the start, at each reload, and each night. If a line of it is not valid, what was read last stays "
             "in force.",
             "\"/etc/usher/people.jsonl\""},
            {"availability", defaulted, on_reload, flag<P>(&P::availability),
             "Show with each person found whether they are available, as far as they have not said no and have not blocked "
             "the searcher."},
            {"fields", defaulted, on_reload,
             list<P, PersonField>(
                 &P::fields,
                 {"a list of full_name, given_name, family_name, nickname, email, each in quotes",
                  "one of full_name, given_name, family_name, nickname, email", 0},
                 syntax::read_person_field),
             "What of the public vCard, the directory or the file is searched and shown. The address always is."},
            {"searchers", defaulted, on_reload,
             list<P, std::string>(&P::searchers,
                                  {"a list of domains such as [\"example.com\"]",
                                   "a domain such as example.com, each exact, without *", 0},
                                  syntax::read_domain),
             "Domains whose users may search here, besides the organization's own."},
            {"not_listed", defaulted, on_reload,
             list<P, AccountPattern>(
                 &P::not_listed,
                 {"a list of addresses such as [\"postmaster@*\", \"bot-*@example.org\"]",
                  "an address such as postmaster@example.org, postmaster@* or bot-*@example.org", 0},
                 syntax::read_account_pattern),
             "Accounts that are never found, such as those of roles and programs. * stands for any characters."},
            {"searches_per_minute", defaulted, on_reload, number(&P::searches_per_minute, 1, kMaxSearches),
             "How often a user may search."},
            {"people_per_day", defaulted, on_reload, number(&P::people_per_day, 1, kMaxPeople),
             "How many different people a user is shown within 24 hours. Each usherd counts for itself, from its start."},
        },
    };
}

/// `server` is no preference.
Kind<ArchiveWish> archive_default()
{
    Names<std::optional<Archiving>> names{{"server", std::nullopt}};
    for (const Archiving archiving : kArchivings) {
        names.emplace_back(name(archiving), archiving);
    }
    return choice<ArchiveWish, std::optional<Archiving>>(&ArchiveWish::preference, names);
}

Section<ArchiveWish> archive()
{
    return {
        "organization.archive",
        false,
        false,
        "What the server keeps of users' messages (XEP-0313): a preference that usherd sets for them. Needs a connector, its "
        "permission for archives, and the server's message archive. It is no promise that nothing is kept: the other side "
        "of a conversation keeps its own copy, rooms have archives of their own, and what was stored before stays.",
        {
            {"default", defaulted, on_reload, archive_default(),
             "server: usherd sets nothing. always: all messages are kept. roster: only those with contacts in the user's "
             "contact list. never: none. It is set for every user who has no preference. With lock = false, users who had "
             "one before, or change it later, keep theirs. If this setting is changed, it changes for users who have it "
             "from usherd. If it is set back to server, locks are removed and preferences stay."},
            {"lock", defaulted, on_reload, flag(&ArchiveWish::lock),
             "Set it for all users, and make the server refuse their changes. This deletes users' own archiving preferences, "
             "including their lists of contacts; they do not come back when the lock is removed. Only with another default "
             "than server."},
        },
    };
}

Section<Limits> limits()
{
    using L = Limits;
    return {
        "limits",
        false,
        false,
        "Against abuse: automatic approvals within an hour. Requests beyond a limit are left to the users.",
        {
            {"approvals_per_contact_per_hour", defaulted, on_reload,
             number(&L::per_contact, 0, kMaxApprovals, kNoLimit), "From one contact, to all users together."},
            {"approvals_per_domain_per_hour", defaulted, on_reload,
             number(&L::per_domain, 0, kMaxApprovals, kNoLimit),
             "From all contacts of one domain outside the organization."},
            {"approvals_per_user_per_hour", defaulted, on_reload,
             number(&L::per_user, 0, kMaxApprovals, kNoLimit), "To one user."},
        },
    };
}

/// The name of an attribute, which is written even where it is empty: the default may be another.
Kind<LdapSettings> attribute_or_none(std::string LdapSettings::* member)
{
    auto kind = text(member, "the name of an attribute such as mail, or \"\" for none",
                     syntax::is_ldap_attribute_or_empty);
    kind.value = [member](const LdapSettings& ldap) { return SettingValue(ldap.*member); };
    return kind;
}

Section<LdapSettings> ldap()
{
    using L = LdapSettings;
    constexpr std::int64_t kMaxMinutes = 10'080;  // a week
    const std::string filter = "a filter such as (objectClass=person)";
    const std::string dn = "a DN such as dc=example,dc=org";
    return {
        "ldap",
        false,
        true,
        "A directory (LDAP) with people and groups, for the groups of an organization that have ldap, and for search with "
        "names = \"ldap\". It is only read. While it is away, what was read last stays in force.",
        {
            {"url", required, on_reload, text<L>(&L::url, syntax::kLdapUrl, syntax::is_ldap_url),
             "The server. Its certificate must be for this host.", "\"ldaps://ldap.example.org\""},
            {"tls", defaulted, on_reload,
             choice<L, bool>(&L::tls_required, {{"required", true}, {"off", false}}),
             "Whether an ldap:// connection is encrypted, by StartTLS. off is accepted for a loopback host only."},
            {"ca_file", optional, on_reload, text(&L::ca_file, kPath, syntax::is_path),
             "The certificate authorities to trust, as a PEM file. Without this setting: the system's.",
             "\"/etc/ssl/certs/ca-certificates.crt\""},
            {"bind_dn", optional, on_reload,
             text<L>(&L::bind_dn, "a DN such as cn=usher,dc=example,dc=org", syntax::is_dn),
             "Who reads, with the password in password_file. The server must let them read everybody, without a limit of the "
             "number of entries. Without this setting: anonymous.",
             "\"cn=usher,ou=services,dc=example,dc=org\""},
            {"password_file", optional, on_reload, text(&L::password_file, kPath, syntax::is_path),
             "The password of bind_dn: the file's first line, read again each time. Others than owner and group must not be "
             "able to read the file.",
             "\"/etc/usher/ldap-password\""},
            {"base", required, on_reload, text<L>(&L::base, dn, syntax::is_dn),
             "Below which entry people are looked for.", "\"ou=people,dc=example,dc=org\""},
            {"filter", defaulted, on_reload, text<L>(&L::filter, filter, syntax::is_ldap_filter),
             "Who is a person. With Active Directory: (&(objectCategory=person)(objectClass=user))."},
            {"disabled_filter", optional, on_reload,
             text<L>(&L::disabled_filter, filter, syntax::is_ldap_filter),
             "Who of them is disabled, is not found, and is in no group. Without this setting: nobody. The example is for "
             "Active Directory.",
             "\"(userAccountControl:1.2.840.113556.1.4.803:=2)\""},
            {"address", defaulted, on_reload,
             text<L>(&L::address, "the name of an attribute such as mail", syntax::is_ldap_attribute),
             "The attribute with the XMPP address, or with its local part, such as uid or sAMAccountName. Each of several "
             "values is an address of the same person: groups have all of them, and search finds the first, or one at "
             "domain."},
            {"domain", optional, on_reload,
             text<L>(&L::domain, "a domain such as example.org, each exact, without *", syntax::is_domain),
             "The domain of those whose attribute has only the local part, one of an organization. Without this setting, they "
             "are left out.",
             "\"example.org\""},
            {"full_name", defaulted, on_reload, attribute_or_none(&L::full_name),
             "The attribute with the whole name."},
            {"given_name", defaulted, on_reload, attribute_or_none(&L::given_name),
             "The one with the given name."},
            {"family_name", defaulted, on_reload, attribute_or_none(&L::family_name),
             "The one with the family name."},
            {"nickname", defaulted, on_reload, attribute_or_none(&L::nickname), "The one with the nickname."},
            {"email", defaulted, on_reload, attribute_or_none(&L::email), "The one with the e-mail address."},
            {"refresh_minutes", defaulted, on_reload, number(&L::refresh_minutes, 1, kMaxMinutes),
             "How often the directory is read. After a failure it is read again each minute, but not with a password that was "
             "refused."},
        },
    };
}

Section<StoreSettings> store()
{
    using S = StoreSettings;
    return {
        "store",
        false,
        false,
        "Where users' choices and the journal are kept.",
        {
            {"url", defaulted, on_restart, text(&S::url, syntax::kStoreUrl, syntax::is_store_url),
             "For example postgresql://host=db.example.org dbname=usher passfile=/etc/usher/pgpass, with "
             "libpq's parameters. The passfile must belong to the user that usherd runs as, with mode 600. Of "
             "several servers, host=db1.example.org,db2.example.org target_session_attrs=read-write takes the one "
             "that can be written. sslmode=verify-full has the server's certificate checked."},
            {"journal_days", defaulted, on_reload, number(&S::journal_days, 0, kMaxDays, " (0: forever)"),
             "How long decisions are kept in the journal. Approvals older than this are no longer listed, ended or revoked, "
             "so every rule's for must be shorter. What is older is deleted every twelve hours, the "
             "first time twelve hours after the start. After a forward clock jump nothing is deleted for "
             "twelve hours, and the log has a warning, so that a wrong clock can be put right."},
        },
    };
}

Section<Settings> control()
{
    return {
        "control",
        false,
        false,
        "How usherctl, and programs that speak HTTP and JSON, reach the daemon.",
        {
            {"socket", defaulted, on_restart,
             text(&Settings::control_socket,
                  std::string(kPath) + " of at most " + std::to_string(kMaxSocketPathBytes) + " bytes",
                  syntax::is_socket_path),
             "The Unix socket, in a directory that exists. The user and the group that usherd runs as can "
             "open it; whoever can open it may do everything. With another path than the default, usherctl needs "
             "--socket, and `systemctl reload usher` does not wait until the settings are in force."},
            {"metrics_port", defaulted, on_restart, number(&Settings::metrics_port, 0, 65535, " (0: none)"),
             "A port at 127.0.0.1 for Prometheus, which everybody on this machine can read. The metrics name "
             "no user and no contact."},
        },
    };
}

Section<WebSettings> web()
{
    using W = WebSettings;
    return {
        "web",
        false,
        true,
        "The administration page. Who can open the control socket gets a link to it from `usherctl web`; administrators of an organization get one by sending \"web\" to Usher, and see their organizations only.",
        {
            {"listen", required, on_restart, text<W>(&W::listen, syntax::kListen, syntax::is_listen),
             "Where the page is served, by HTTP without TLS. Programs on other machines can connect only if this is no "
             "loopback address; then url has to be one with https.",
             "\"127.0.0.1:5281\""},
            {"url", optional, on_restart, text<W>(&W::url, syntax::kWebUrl, syntax::is_web_url),
             "How browsers reach the page where a reverse proxy with TLS stands before it. It has to pass on the header Host. "
             "Without this setting: http:// and listen.",
             "\"https://usher.example.org\""},
            {"files", optional, on_restart, text<W>(&W::files, kPath, syntax::is_path),
             "The folder with the page's files. Without this setting: where they were installed to.",
             "\"/usr/share/usher/web\""},
        },
    };
}

Section<Settings> log()
{
    return {
        "log",
        false,
        false,
        "What the daemon says on its standard error output.",
        {
            {"level", defaulted, on_reload,
             choice<Settings, std::string>(&Settings::log_level, {{"trace", "trace"},
                                                                  {"debug", "debug"},
                                                                  {"info", "info"},
                                                                  {"warning", "warning"},
                                                                  {"error", "error"}}),
             "The least severe messages that are written."},
        },
    };
}

}  // namespace

const SettingsTable& settings_table()
{
    static const SettingsTable table{connection(), organization(), group(),  rule(), federation(),
                                     people(),     archive(),      limits(), ldap(), store(),
                                     control(),    web(),          log()};
    return table;
}

}  // namespace usher
