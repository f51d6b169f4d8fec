// What can be asked of Usher besides answering requests: options, what waits, why, the journal, settings.
//
// The one implementation behind the menus (XEP-0050), the chat and the control socket, which only translate.
// Who may do what is decided here and nowhere else: when it is asked, by the policy in force then. What the policy or the
// administrators become before the answer is there does not change that.
//
// Not here: words for people, but for those of a refusal.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "integration/base/callback_scope.h"
#include "integration/requests/entity.h"
#include "plugin/core/actor.h"
#include "plugin/core/answerer.h"
#include "plugin/core/approval_review.h"
#include "plugin/core/archive_report.h"
#include "plugin/core/federation_report.h"
#include "plugin/core/found_people.h"
#include "plugin/core/overview.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/core/refusal.h"
#include "plugin/core/replay.h"
#include "plugin/core/revocation_status.h"
#include "plugin/core/unlisted_domain.h"
#include "plugin/core/web_sessions.h"
#include "plugin/people/ldap_status.h"
#include "plugin/people/people_status.h"
#include "plugin/people/search_limits.h"
#include "plugin/store/choices.h"
#include "plugin/store/database.h"
#include "plugin/store/exceptions.h"
#include "plugin/store/journal_search.h"
#include "plugin/text/check_report.h"
#include "policy/decide.h"

namespace usher
{

/// What waits on all domains that were asked for.
struct Waiting {
    std::vector<SubscriptionRequest> requests;
    bool more = false;                     ///< than are listed
    std::vector<UnlistedDomain> unlisted;  ///< not all: if no domain can be listed that is a refusal
};

struct UserOption {
    Option in_force = Option::prompt;
    std::optional<Option> chosen;  ///< stored also while users may not choose
    bool may_choose = false;
    Option of_organization = Option::prompt;  ///< what applies without a choice
    std::string organization;
};

struct UserExceptions {
    std::vector<ContactException> exceptions;  ///< stored also while users may not choose; ordered by entry
    bool may_choose = false;
};

struct Explained {
    Explanation explanation;
    SubscriptionRequest request;
    Facts facts;
    bool waits = false;      ///< the request waits at the server; if not, the roster item is not known
    std::string list_error;  ///< why that could not be asked, as a clause; empty if it could
    std::string organization;
    std::uint64_t generation = 0;
};

/// A waiting request, what policy says of it now, and what came of it.
struct Reviewed {
    SubscriptionRequest request;
    Decision decision;
    std::optional<AnswerOutcome> outcome;  ///< nothing: not answered (not asked to, or left to the user)
};

struct Review {
    std::vector<Reviewed> requests;
    bool more = false;                     ///< see Waiting
    std::vector<UnlistedDomain> unlisted;  ///< see Waiting
};

/// What a change of settings would do to what waits.
struct WaitingPreview {
    static constexpr std::size_t kMaxListed = 1'000;

    struct Difference {
        SubscriptionRequest request;
        Decision was;  ///< by the policy in force
        Decision now;  ///< if the change were saved
    };

    std::vector<Difference> requests;  ///< with another answer; the first of them
    std::size_t differing = 0;         ///< how many have another answer
    std::size_t looked_at = 0;
    bool more = false;                     ///< see Waiting
    std::vector<UnlistedDomain> unlisted;  ///< see Waiting
};

struct DomainStatus {
    std::string domain;
    DomainState state = DomainState::offline;
    /// When the connector last replied to usherd, since the start.
    std::optional<std::chrono::system_clock::time_point> last_round_trip;
    std::optional<PeopleStatus> people;         ///< nothing where nobody may search for them
    std::optional<ArchiveStatus> archive = {};  ///< nothing where nothing is wanted for archives
};

struct OrganizationStatus {
    GeneralIm general;
    std::vector<DomainStatus> domains;
    /// Users with a choice of their own; while the store cannot be read or does not answer, as many as when it last did.
    std::size_t choices = 0;
    std::optional<RevocationStatus> revocation = {};  ///< nothing where nobody is to look
};

struct Status {
    std::string version;
    std::string address;  ///< the entity's
    bool online = false;
    std::string offline_because;                    ///< empty while online
    std::chrono::system_clock::time_point started;  ///< as the clock was set then
    std::chrono::seconds running{0};                ///< whatever has been done to the clock since
    std::uint64_t generation = 0;
    std::vector<OrganizationStatus> organizations;
    std::vector<SavedValue> saved;  ///< by administrators, whether it wins over the file or not
    Counts counts;                  ///< since the start
    std::uint64_t logins = 0;       ///< since the start
    SearchCounts searches;
    std::optional<LdapStatus> ldap;  ///< nothing where nothing is read of a directory
    std::size_t unsent_bytes = 0;    ///< what the server has not taken yet
    /// Why the last write to the store failed, or it cannot be read now or does not answer; empty while it works.
    std::string store_error;
};

/// What it takes to look at approvals. All are to outlive whoever looks.
struct ApprovalSources {
    Approvals* approvals = nullptr;
    ContactNames* names = nullptr;
    /// Finds policy's in the journal (policy_approvals.h).
    std::function<void(ApprovalOrder, Callback<PolicyApprovals>)> search = {};
    /// Says which of them have ended.
    std::function<std::chrono::system_clock::time_point()> wall_clock = std::chrono::system_clock::now;
};

/// Why there is no exception for what somebody wrote.
[[nodiscard]] std::string no_exception_entry(std::string_view text);

/// What a user is told who may not choose.
[[nodiscard]] std::string fixed_by_administrator(Option option);

class Operations
{
  public:
    /// How many waiting requests are listed or reviewed at most.
    static constexpr std::size_t kMaxWaiting = 10'000;
    /// How long `status` waits for the store.
    static constexpr std::chrono::milliseconds kStatusPatience{1'000};
    /// How many people a search gives at most.
    static constexpr std::size_t kMaxFound = 25;
    /// A search is answered so long after it was asked for, or a multiple of it: whether the server had to look for somebody's
    /// blocks is not to show in its time.
    static constexpr std::chrono::milliseconds kSearchStep{10};

    /// All are to outlive the object.
    Operations(PolicyInForce& policy, Answerer& answerer, Choices& choices, Database& database,
               Entity& entity, Clock& clock);
    virtual ~Operations() = default;
    Operations(const Operations&) = delete;
    Operations& operator=(const Operations&) = delete;

    // --- Who

    /// The organisation whose user this is, or null.
    [[nodiscard]] const Organization* organization_of(const Address& user) const;
    [[nodiscard]] bool administers(const Actor& actor, const Organization& organization) const;
    /// The names of the organisations that the actor administers.
    [[nodiscard]] std::vector<std::string> administered(const Actor& actor) const;
    /// The domains of these.
    [[nodiscard]] std::vector<std::string> administered_domains(const Actor& actor) const;

    // --- Options for contact list requests

    /// Whether the actor may choose the user's option, or why not. Does not ask the store.
    [[nodiscard]] Result<void> may_choose(const Actor& actor, const Address& user) const;
    void option(const Actor& actor, const Address& user, Callback<UserOption> then);
    /// Nothing for `chosen`: back to the organisation's. Committed when `then` is called, in force from the next
    /// request on. Of two choices for one user the one that was asked for last counts.
    void choose(const Actor& actor, const Address& user, std::optional<Option> chosen,
                Callback<UserOption> then);

    // --- A user's exceptions (operations_exceptions.cpp). Who may choose the user's option may change them.

    void exceptions(const Actor& actor, const Address& user, Callback<UserExceptions> then);
    /// Changes what the list names, each entry once and as people write it, and nothing else. Committed when `then` is called, in force from the next
    /// request on. Refused, and nothing is changed, if there would be more than ContactException::kMaxOfHandling of one handling.
    void change_exceptions(const Actor& actor, const Address& user, std::vector<ExceptionChange> changes,
                           Callback<UserExceptions> then);

    // --- People (operations_people.cpp)

    /// Without them nobody may search.
    void set_people(PeopleSources sources) { people_ = std::move(sources); }
    /// Whether the actor may search for people, or why not.
    [[nodiscard]] Result<void> may_search(const Actor& actor) const;
    /// The people that the actor may find by the words of `text`, which is not read if they may find nobody. `viewer` is the
    /// actor's full address: somebody may have blocked only that one. Neither is logged.
    void find(const Actor& actor, const std::string& viewer, const std::string& text,
              Callback<PeopleFound> then);
    /// Whether the actor may decide whether the user is found, or why not. Only users themselves may.
    [[nodiscard]] Result<void> may_decide_listing(const Actor& actor, const Address& user) const;
    void person_option(const Actor& actor, const Address& user, Callback<PersonOption> then);
    /// What is not given stays as it is. Stored when `then` is called, and in force on all instances.
    void choose_person(const Actor& actor, const Address& user, const PersonChoice& change,
                       Callback<PersonOption> then);
    [[nodiscard]] const SearchCounts& search_counts() const { return search_counts_; }

    // --- What waits

    /// Without `user`: of all users that the actor may ask for.
    void waiting(const Actor& actor, std::optional<Address> user, Callback<Waiting> then);
    /// `approve` or `deny`, by the actor's own will; journalled as theirs. The decision's id. `contact` is as
    /// the list has it, or as preparation makes it. One that cannot be compared is not approved for somebody
    /// by hand either: the text looks like one address and may be another's (PROTOCOL.md, E15).
    void answer(const Actor& actor, const Address& user, const Party& contact, Answer answer,
                Callback<std::int64_t> then);
    /// What the policy in force says of what waits; with `apply`, answers it so. If the store or the connection fails
    /// meanwhile, the refusal says how many were looked at.
    void review(const Actor& actor, std::optional<Address> user, bool apply, Callback<Review> then);

    // --- What policy has approved (operations_approvals.cpp)

    /// To be set before either of these is called.
    void set_approvals(ApprovalSources sources) { approvals_ = std::move(sources); }
    /// Policy's approvals that are in force, and those of them that a person has made their own since: of the organisations that
    /// the actor administers. Changes nothing.
    void approvals(const Actor& actor, ApprovalFilter filter, Callback<ApprovalsInForce> then);
    /// The same, and revokes those that are policy's still, for certain. Each revocation is recorded before it is sent.
    void revoke(const Actor& actor, ApprovalFilter filter, Callback<ApprovalsInForce> then);
    /// Whether somebody has approvals revoked now, so that nobody else can.
    [[nodiscard]] bool is_revoking() const { return revoking_; }
    /// What is known of approvals that policy would not give any more, for `status`.
    void on_revocation_status(
        std::function<std::optional<RevocationStatus>(const std::string& organization)> status)
    {
        revocation_status_ = std::move(status);
    }

    // --- Why

    /// `contact` is as what waits has it, or as preparation makes it.
    void explain(const Actor& actor, const Address& user, const Party& contact, Callback<Explained> then);
    /// What is recorded meanwhile is found if it is looked for upwards (`after`). Who looks for what is settled, and goes on
    /// behind the last one found, misses none.
    void journal(const Actor& actor, JournalFilter filter, Callback<std::vector<JournalRecord>> then);

    /// Decides what the journal has once more (replay.h). Of an organisation, if its name is given; other actors than local ones
    /// get what was decided for the organisations that they administer. Changes nothing.
    void replay(const Actor& actor, ReplayRequest request, const std::optional<std::string>& organization,
                Callback<Replay> then);
    /// Which other domains have asked for an organisation's users since then, and what became of that (federation_report.h): of
    /// the organisation of that name, or of all that the actor administers.
    void federation(const Actor& actor, const std::optional<std::string>& organization,
                    std::chrono::system_clock::time_point since,
                    Callback<std::vector<FederationReport>> then);
    /// How many requests got which answer until now (overview.h): of the organisation of that name, or of all that the actor
    /// administers; for a local one, of all.
    void overview(const Actor& actor, const std::optional<std::string>& organization, OverviewPeriod period,
                  Callback<Overview> then);
    void on_overview(std::function<void(OverviewOrder, Callback<Overview>)> overview)
    {
        overview_ = std::move(overview);
    }
    void on_federation(
        std::function<void(FederationOrder, Callback<std::vector<FederationReport>>)> federation)
    {
        federation_ = std::move(federation);
    }
    void on_replay(std::function<void(ReplayRequest, Callback<Replay>)> replay)
    {
        replay_ = std::move(replay);
    }

    // --- What a change of settings would do (operations_preview.cpp). Whoever may save it may ask, what cannot be saved is
    // refused in the same words, and nothing is changed.

    /// Decides what the journal has of the organisation's users once more, as if it were saved, and under the policy in force
    /// (replay.h).
    void preview_journal(const Actor& actor, std::string_view organization, const GeneralChange& change,
                         JournalFilter filter, Callback<Replay> then);
    /// What would be said then of the requests that wait for the organisation's users.
    void preview_waiting(const Actor& actor, std::string_view organization, const GeneralChange& change,
                         Callback<WaitingPreview> then);
    /// Explains one request as if it were saved. The user is to be one of the organisation's.
    void explain_with(const Actor& actor, std::string_view organization, const GeneralChange& change,
                      const Address& user, const Party& contact, Callback<Explained> then);
    /// Runs `work` on another thread, then `then` from the event loop. What `work` throws is the error.
    using Run = std::function<void(std::function<void()> work,
                                   std::function<void(const tl::expected<void, std::string>& done)> then)>;
    /// For what takes its time there. Without, it is done at once.
    void set_worker(Run run) { run_ = std::move(run); }

    // --- Settings

    [[nodiscard]] Result<GeneralIm> general(const Actor& actor, std::string_view organization) const;
    /// What is not given stays as it is. Durable and in force when `then` is called.
    void save_general(const Actor& actor, std::string_view organization, const GeneralChange& change,
                      Callback<GeneralIm> then);
    /// The file's values are in force again. A local actor may name an organisation that the file no longer has: what
    /// was saved for it, and belongs to no other, is forgotten.
    void reset_general(const Actor& actor, std::string_view organization, Callback<GeneralIm> then);

    // --- The administration page

    /// May be null: there is no page. Must outlive the object.
    void set_web(WebSessions* web) { web_ = web; }
    /// Whether there is a page and the actor may log in at it, or why not.
    [[nodiscard]] Result<void> may_log_in(const Actor& actor) const;
    /// A link that logs the actor in, who administers something.
    [[nodiscard]] Result<WebLink> web_link(const Actor& actor);
    /// Who is logged in. For local actors only, as the next.
    [[nodiscard]] Result<std::list<WebSession>> web_sessions(const Actor& actor);
    [[nodiscard]] Result<void> end_web_session(const Actor& actor, const std::string& id);
    /// Ends what is open of those who administer nothing any more. To be called whenever another policy has come into force: who
    /// becomes an administrator again logs in again.
    void end_web_sessions_of_removed();

    // --- The daemon

    /// Of the organisations that the actor administers; what is not of one organisation, for local actors only. Never a
    /// refusal, and never later than kStatusPatience: what the store does not tell by then is as it was when it last did.
    void status(const Actor& actor, Callback<Status> then);
    /// When the domain's connector last replied, as the clock is set now; nothing if it has not since the start.
    [[nodiscard]] std::optional<std::chrono::system_clock::time_point> last_round_trip(
        const std::string& domain) const;
    /// What is known of a domain's people, for `status`; nothing where nobody may search for them.
    void on_people_status(std::function<std::optional<PeopleStatus>(const std::string& domain)> status)
    {
        people_status_ = std::move(status);
    }
    /// What is known of the directory, for `status`.
    void on_ldap_status(std::function<std::optional<LdapStatus>()> status)
    {
        ldap_status_ = std::move(status);
    }
    /// Of the policy in force.
    [[nodiscard]] std::uint64_t generation() const { return policy_.policy()->generation(); }
    [[nodiscard]] const Timings& timings() const { return answerer_.timings(); }
    /// Reads the file again. What takes effect on restart only, a key each. For local actors only.
    void reload(const Actor& actor, Callback<std::vector<std::string>> then);
    void on_reload(std::function<void(Callback<std::vector<std::string>>)> reload)
    {
        reload_ = std::move(reload);
    }
    /// What the server says of each domain of the organisations that the actor administers, asked on the daemon's own connection
    /// (check.h).
    void check(const Actor& actor, Callback<CheckReport> then);
    void on_check(std::function<void(Callback<CheckReport>)> check) { check_ = std::move(check); }
    [[nodiscard]] bool is_connected() const
    {
        return entity_.connection_state() == Connection::State::online;
    }
    /// Refusal used while offline.
    [[nodiscard]] Refusal not_connected() const;
    /// Why there is no connection, for `status`.
    void set_offline_because(std::string why) { offline_because_ = std::move(why); }

    // --- Archives (operations_archive.cpp)

    /// Without them nothing is known of archives.
    void set_archive(ArchiveSources sources) { archive_ = std::move(sources); }
    /// What is wanted for the archives of an organisation's users, and how many have it: of the organisation of that name, or
    /// of all that the actor administers.
    [[nodiscard]] Result<std::vector<OrganizationArchives>> archives(
        const Actor& actor, const std::optional<std::string>& organization) const;
    /// The same of one user, as the server says now.
    void archive_of(const Actor& actor, const Address& user, Callback<UserArchive> then);
    /// What a user is told of it; empty where their organisation wants nothing.
    [[nodiscard]] std::string archive_notice(const Address& user) const;

  private:
    struct Search;
    struct PeopleSearched;
    struct Reading {
        Reading(Database& database, JournalFilter filter, Callback<std::vector<JournalRecord>> then_)
            : search(database, std::move(filter)), then(std::move(then_))
        {
        }

        JournalSearch search;
        Callback<std::vector<JournalRecord>> then;
        std::unique_ptr<Timer> next;
    };
    /// A review whose decisions are carried out, page by page.
    struct Applying {
        std::vector<SubscriptionRequest> listed;
        std::size_t next_request = 0;
        Review review;  // of those before
        Callback<Review> then;
        std::unique_ptr<Timer> next;
    };

    /// Somebody who asked for the status, while the store is asked.
    struct StatusCaller {
        Actor actor;
        Callback<Status> then;
        std::unique_ptr<Timer> deadline;
    };

    /// Those that the actor administers, or the one of that name; at least one. `what` is asked for.
    [[nodiscard]] Result<std::vector<const Organization*>> authorize_organizations(
        const Actor& actor, const std::optional<std::string>& organization, const std::string& what) const;
    /// The domains to which what is asked of the journal is restricted; nothing for local actors who name no organisation: they
    /// also see what was decided for domains that nobody has any more.
    [[nodiscard]] Result<std::optional<std::vector<std::string>>> journal_domains(
        const Actor& actor, const std::optional<std::string>& organization, const std::string& what) const;
    [[nodiscard]] bool may_see(const Actor& actor, const Address& user) const;
    /// The domains whose waiting requests the actor may see, or why not.
    [[nodiscard]] Result<std::vector<std::string>> domains_for(const Actor& actor,
                                                               std::optional<Address>& user) const;
    /// What the policy says of the user's option; their choice is not looked up.
    [[nodiscard]] Result<UserOption> option_without_choice(const Actor& actor, const Address& user) const;
    /// The same, where the actor may choose it.
    [[nodiscard]] Result<UserOption> choosable_option(const Actor& actor, const Address& user) const;
    void answer_in_step(const std::shared_ptr<PeopleSearched>& search);
    void look_up(const std::shared_ptr<PeopleSearched>& search);
    void ask_availability(const std::shared_ptr<PeopleSearched>& search, std::vector<Address> asked);
    /// Those of the user's organisation, where the actor is the user and there is search. Not to be kept.
    [[nodiscard]] Result<const PeopleSearch*> people_settings(const Actor& actor, const Address& user) const;
    /// What waits on these domains, of one user or of all.
    void list_waiting(const std::vector<std::string>& domains, std::optional<Address> user,
                      Callback<Waiting> then);
    void search(const std::shared_ptr<Search>& search);
    /// Answers a request that the actor may answer so. Recorded before it is sent.
    void answer_by_hand(const SubscriptionRequest& request, Answer answer, const std::string& by,
                        Callback<std::int64_t> then);
    void send_by_hand(const SubscriptionRequest& request, const Judged& judged, Callback<std::int64_t> then);
    /// What may be asked for of whom, or why it may not.
    [[nodiscard]] Result<ApprovalOrder> approval_order(const Actor& actor, ApprovalFilter filter) const;
    /// Whether any of its domains can be asked now.
    [[nodiscard]] Result<void> may_be_reviewed(const ApprovalOrder& order) const;
    /// With `by`, revokes.
    void review_approvals(const Actor& actor, ApprovalFilter filter, std::optional<std::string> by,
                          Callback<ApprovalsInForce> then);
    void begin_review(PolicyApprovals found, const ApprovalOrder& order, std::optional<std::string> by,
                      Callback<ApprovalsInForce> then);
    /// What policy says of what was listed. Answers nothing.
    void preview(Waiting listed, Callback<Review> then);
    void apply(Waiting listed, Callback<Review> then);
    /// Passes over domains that are not served any more, and names them in the review.
    void skip_unserved(Applying& applying) const;
    void apply_page(std::list<Applying>::iterator applying);
    void compare(Waiting listed, const std::string& organization, const GeneralChange& change,
                 Callback<WaitingPreview> then);
    /// Gives what the server says of the request.
    void look_for(const Address& user, const Party& contact, std::function<void(Explained known)> then);
    /// Adds what policy says to what is known of the request.
    void explain_by_policy(Explained known, Callback<Explained> then);
    /// The same as if the change were saved.
    void explain_by_change(Explained known, const std::string& organization, const GeneralChange& change,
                           Callback<Explained> then);
    [[nodiscard]] static Explained explained_by(const Policy& policy, Explained known,
                                                const RuleSource& source_of_rule);
    void read_on(std::list<Reading>::iterator reading);
    void portion_read(std::list<Reading>::iterator reading, const tl::expected<bool, std::string>& last);
    [[nodiscard]] Result<GeneralIm> authorize_general(const Actor& actor,
                                                      std::string_view organization) const;
    /// Whether they would, if nothing were saved.
    [[nodiscard]] bool administers_in_file(const Actor& actor, std::string_view organization) const;
    /// The same, where the change makes sense for the organisation.
    [[nodiscard]] Result<GeneralIm> authorize_change(const Actor& actor, std::string_view organization,
                                                     const GeneralChange& change) const;
    /// Makes what would be in force, for somebody who was allowed to change it (policy_in_force.h).
    [[nodiscard]] Result<std::function<Settings()>> settings_with(const std::string& organization,
                                                                  const GeneralChange& change) const;
    /// Gives the organisation's settings when the store has been written; whoever was allowed to change them gets them.
    [[nodiscard]] StoreCallback<void> general_when_stored(std::string organization, Callback<GeneralIm> then);
    /// Does nothing for a caller who has been answered. `error` is the store's, or empty.
    void answer_status(const std::weak_ptr<StatusCaller>& caller, const std::string& error);
    [[nodiscard]] Status status_with(const Actor& actor, const std::string& store_error) const;
    [[nodiscard]] std::optional<ArchiveStatus> archive_status(std::string_view domain) const;
    /// Why a change that was made of other settings is not saved.
    [[nodiscard]] std::string saved_meanwhile(const std::string& organization) const;

    PolicyInForce& policy_;
    Answerer& answerer_;
    Choices& choices_;
    StoredExceptions exceptions_;
    Database& database_;
    Entity& entity_;
    Clock& clock_;
    std::list<Reading> readings_;
    std::list<Applying> applying_;
    ApprovalSources approvals_;
    std::list<std::unique_ptr<ApprovalReview>> reviews_;
    bool revoking_ = false;                                          // one of them, or it is about to
    std::set<std::shared_ptr<StatusCaller>> status_callers_;         // not answered yet
    std::map<std::string, std::size_t, std::less<>> choice_counts_;  // as last read
    std::function<void(Callback<std::vector<std::string>>)> reload_;
    std::function<void(ReplayRequest, Callback<Replay>)> replay_;
    std::function<void(FederationOrder, Callback<std::vector<FederationReport>>)> federation_;
    std::function<void(OverviewOrder, Callback<Overview>)> overview_;
    std::function<void(Callback<CheckReport>)> check_;
    Run run_ = [](const auto& work, const auto& then) {
        work();
        then({});
    };
    std::function<std::optional<LdapStatus>()> ldap_status_ = [] { return std::nullopt; };
    std::function<std::optional<PeopleStatus>(const std::string& domain)> people_status_ =
        [](const std::string&) { return std::nullopt; };
    std::function<std::optional<RevocationStatus>(const std::string& organization)> revocation_status_ =
        [](const std::string&) { return std::nullopt; };
    PeopleSources people_;
    SearchLimits search_limits_;
    SearchCounts search_counts_;
    std::set<std::shared_ptr<PeopleSearched>> people_searches_;  // not answered yet
    WebSessions* web_ = nullptr;
    ArchiveSources archive_;
    CallbackScope callbacks_;
    std::string offline_because_ = "starting";
    const std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    const Clock::Time running_since_;
};

}  // namespace usher
