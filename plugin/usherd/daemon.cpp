#include "plugin/usherd/daemon.h"

#include <event2/event.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <utility>

#include "integration/approvals/approvals.h"
#include "integration/base/event_clock.h"
#include "integration/requests/entity.h"
#include "integration/stock/stock_approval.h"
#include "integration/stream/strophe_channel.h"
#include "plugin/archive/archive_keeper.h"
#include "plugin/check/check.h"
#include "plugin/check/failure_text.h"
#include "plugin/check/login.h"
#include "plugin/clients/client_service.h"
#include "plugin/control/control.h"
#include "plugin/core/answerer.h"
#include "plugin/core/automatic_revocation.h"
#include "plugin/core/deleted_accounts.h"
#include "plugin/core/members_in_force.h"
#include "plugin/core/operations.h"
#include "plugin/core/recorded_approvals.h"
#include "plugin/files/secret_file.h"
#include "plugin/people/directory.h"
#include "plugin/people/file_refresh.h"
#include "plugin/people/known_choices.h"
#include "plugin/people/ldap_refresh.h"
#include "plugin/people/people_refresh.h"
#include "plugin/settings/changes.h"
#include "plugin/store/journal_expiry.h"
#include "plugin/usherd/beginning.h"
#include "plugin/usherd/decision_log.h"
#include "plugin/usherd/domain_log.h"
#include "plugin/usherd/replaying.h"
#include "plugin/usherd/service_manager.h"
#include "plugin/usherd/settings_reload.h"
#include "plugin/usherd/store_watch.h"
#include "plugin/usherd/worker.h"
#include "plugin/web/web_page.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;

/// Fixed, so that a second usherd with this account is a conflict instead of a second recipient.
constexpr std::string_view kResource = "usher";

struct Deleter {
    void operator()(event_base* base) const { event_base_free(base); }
    void operator()(event* e) const { event_free(e); }
    void operator()(event_config* config) const { event_config_free(config); }
};

using EventLoop = std::unique_ptr<event_base, Deleter>;

/// Its timers are exact. By default they are late by a part of a millisecond, which tells when something else came in before:
/// a server's reply about those found, which the time of a search is not to tell (Operations::kSearchStep).
EventLoop make_event_loop()
{
    const std::unique_ptr<event_config, Deleter> exact(event_config_new());
    if (!exact || event_config_set_flag(exact.get(), EVENT_BASE_FLAG_PRECISE_TIMER) != 0) {
        throw std::bad_alloc();
    }
    return EventLoop(event_base_new_with_config(exact.get()));
}

template <typename Organizations>
std::vector<std::string> domains(const Organizations& organizations)
{
    std::vector<std::string> all;
    for (const Organization& organization : organizations) {
        all.insert(all.end(), organization.domains.begin(), organization.domains.end());
    }
    return all;
}

/// The domains with `stock`, where requests are approved without a connector.
std::vector<std::string> stock_domains(std::vector<OrganizationSettings> organizations)
{
    std::erase_if(organizations,
                  [](const OrganizationSettings& organization) { return !organization.stock; });
    return domains(organizations);
}

/// The domains whose people may be searched, and come from there.
std::vector<std::string> searched_domains(std::vector<OrganizationSettings> organizations, NamesFrom names)
{
    std::erase_if(organizations, [names](const OrganizationSettings& organization) {
        return organization.people.listed == Listed::off || organization.people.names != names;
    });
    return domains(organizations);
}

std::function<double()> random_fraction()
{
    return [engine = std::mt19937(std::random_device()())]() mutable {
        return std::uniform_real_distribution<>()(engine);
    };
}

/// What is saved wins over the file, or does not fit it any more.
void log_saved(const PolicyInForce& policy)
{
    for (const SavedValue& value : policy.saved_values()) {
        spdlog::log(value.in_force ? spdlog::level::info : spdlog::level::warn, "{}", value.text);
    }
}

class Daemon : private EntityEvents
{
  public:
    Daemon(std::string path, Settings settings, EventLoop loop, std::unique_ptr<Database> database,
           std::unique_ptr<PolicyInForce> policy, std::string session_key,
           std::unique_ptr<LostRecords> lost_records)
        : path_(std::move(path)),
          settings_(std::move(settings)),
          base_(std::move(loop)),
          clock_(base_.get()),
          channels_(base_.get()),
          database_(std::move(database)),
          policy_(std::move(policy)),
          lost_records_(std::move(lost_records)),
          choices_(*database_),
          journal_(*database_),
          journal_expiry_(journal_, clock_, std::chrono::system_clock::now,
                          [this] { return std::chrono::days(settings_.store.journal_days); }),
          answerer_(choices_, journal_, clock_, std::chrono::system_clock::now),
          recorded_approvals_(*database_, clock_, std::chrono::system_clock::now,
                              [this](const SubscriptionRequest& request, Clock::Time at) {
                                  answerer_.count_approval(request, at);
                              }),
          deleted_accounts_(choices_, *policy_, clock_, std::chrono::system_clock::now),
          entity_(own_login(), ping_target(), all_domains(), channels_, clock_, random_fraction(), answerer_,
                  *this),
          stock_(clock_, answerer_, entity_.iqs(),
                 [this](const std::string& domain, StockMode::Refusal refusal) {
                     entity_.stock_refused(domain, refusal);
                 }),
          people_(clock_, entity_.iqs(), *database_, directory_, std::chrono::system_clock::now,
                  random_fraction()),
          archives_(
              clock_, entity_.iqs(), *database_,
              [this](const std::string& domain) {
                  std::vector<std::string> known;
                  directory_.visit_addresses(
                      domain, [&known](std::string_view address) { known.emplace_back(address); });
                  return known;
              },
              std::chrono::system_clock::now, random_fraction()),
          operations_(*policy_, answerer_, choices_, *database_, entity_, clock_),
          client_service_(entity_, operations_, clock_, settings_.connection.component.has_value())
    {
        settings_.organizations.clear();
        client_service_.set_session_key(std::move(session_key));
        entity_.set_stock_mode(&stock_);
        entity_.set_account_settings(&deleted_accounts_);
        entity_.add_part(people_.protocol_part());
        entity_.add_part(approvals_);
        operations_.set_approvals(
            {&approvals_, &contact_names_, [this](ApprovalOrder order, Callback<PolicyApprovals> then) {
                 find_policy_approvals(std::move(order), std::move(then));
             }});
        entity_.add_part(archives_.protocol_part());
        operations_.set_archive(
            {[this](std::string_view domain) { return archives_.status(domain); },
             [this](const Address& account, std::function<void(ArchiveSources::Found)> then) {
                 archives_.look_up(account, std::move(then));
             }});
        answerer_.set_contact_names(contact_names_);
        operations_.set_people({&directory_, &person_choices_,
                                [this](const std::string& viewer, std::vector<Address> users,
                                       std::function<void(const std::map<std::string, std::string>&)> then) {
                                    people_.availability(viewer, std::move(users), std::move(then));
                                }});
        operations_.on_people_status([this](const std::string& domain) {
            if (const auto listed = people_.status(domain)) {
                return listed;
            }
            const auto in_directory = ldap_.people_status(domain);
            return in_directory ? in_directory : people_in_files_.status(domain);
        });
        if (!settings_.web.listen.empty()) {
            web_sessions_.emplace(clock_, std::chrono::system_clock::now, page_url(settings_.web));
            operations_.set_web(&*web_sessions_);
        }
        operations_.on_ldap_status([this] { return ldap_.status(); });
        operations_.on_revocation_status(
            [this](const std::string& organization) { return revocation_.status(organization); });
        answerer_.set_policy(policy_->policy(), policy_->settings_version());
        answerer_.on_outdated([this](std::int64_t version, StoreCallback<void> then) {
            policy_->refresh(version, std::move(then));
        });
        answerer_.on_recorded([this](const JournalRecord& record) {
            recorded_approvals_.recorded_here(record);
            log_decision(record);
        });
        answerer_.on_refused(log_refusal);
        answerer_.on_unrecorded([this] { store_watch_.await(); });
        policy_->on_change([this](PolicyInForce::Origin origin) { policy_changed(origin); });
        operations_.on_reload(
            [this](Callback<std::vector<std::string>> then) { reload_.reload(std::move(then)); });
        operations_.on_check([this](Callback<CheckReport> then) { check(std::move(then)); });
        operations_.on_federation(
            [this](FederationOrder order, Callback<std::vector<FederationReport>> then) {
                report_federation(std::move(order), std::move(then));
            });
        operations_.set_worker([this](std::function<void()> work, MembersInForce::Then then) {
            work_beside(std::move(work), std::move(then));
        });
        operations_.on_overview([this](OverviewOrder order, Callback<Overview> then) {
            give_overview(std::move(order), std::move(then));
        });
        operations_.on_replay([this](ReplayRequest request, Callback<Replay> then) {
            replay(std::move(request), std::move(then));
        });
    }

    ExitCode run()
    {
        // Before and after they are watched below, these signals are ignored: a second SIGTERM must not
        // interrupt what the first one started.
        for (const int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) {
            std::signal(number, SIG_IGN);
        }
        const auto on_stop = watch(
            SIGTERM, [](evutil_socket_t, short, void* self) noexcept { static_cast<Daemon*>(self)->stop(); });
        const auto on_interrupt = watch(
            SIGINT, [](evutil_socket_t, short, void* self) noexcept { static_cast<Daemon*>(self)->stop(); });
        const auto on_reload = watch(SIGHUP, [](evutil_socket_t, short, void* self) noexcept {
            static_cast<Daemon*>(self)->reload_.reload(
                [](const Result<std::vector<std::string>>&) {});  // it is in the log
        });
        auto control = Control::listen(base_.get(), settings_.control_socket, operations_);
        if (!control) {
            spdlog::critical("control.socket: {}: usherctl could not reach it", control.error());
            return kFailed;
        }
        control_ = *std::move(control);
        if (settings_.metrics_port != 0) {
            auto metrics = listen_for_metrics(base_.get(), settings_.metrics_port, operations_);
            if (!metrics) {
                spdlog::critical("control.metrics_port: {}", metrics.error());
                return kFailed;
            }
            metrics_ = *std::move(metrics);
        }
        if (web_sessions_) {
            auto page =
                WebPage::listen(base_.get(), settings_.web, operations_, *web_sessions_,
                                [this](const std::string& address, const std::string& code, auto then) {
                                    client_service_.login_confirmation().ask(
                                        address, code, web_sessions_->url(), std::move(then));
                                });
            if (!page) {
                spdlog::critical("{}", page.error());
                return kFailed;
            }
            page_ = *std::move(page);
        }
        store_watch_.begin();
        set_stock();
        set_people();
        set_archives();
        person_choices_.update([](const auto&) {});  // what fails is tried again by who searches
        service_manager_.show("connecting: " + settings_.connection.host);
        service_manager_.ready();
        service_manager_.notify_watchdog();
        recorded_approvals_.when_past_is_counted([this] {
            if (!stopping_) {
                entity_.start();
            }
        });
        if (event_base_dispatch(base_.get()) != 0) {
            spdlog::critical("the event loop failed");
            return kFailed;
        }
        if (database_->checkpoint()) {
            lost_records_->end();
        }
        return kStopped;
    }

  private:
    std::unique_ptr<event, Deleter> watch(int signal, event_callback_fn callback)
    {
        std::unique_ptr<event, Deleter> watched(evsignal_new(base_.get(), signal, callback, this));
        event_add(watched.get(), nullptr);
        return watched;
    }

    [[nodiscard]] std::vector<std::string> all_domains() const
    {
        return domains(policy_->policy()->organizations());
    }

    /// The file is read again for each attempt, with the rights that usherd has had since its start.
    [[nodiscard]] Login own_login() const
    {
        Login login = usher::login(settings_.connection, {}, kResource);
        login.read_password = [file = credentials_file(settings_.connection)] { return read_secret(file); };
        return login;
    }

    /// The address to ping: the account's domain, or the component itself, which the server routes back to
    /// us.
    [[nodiscard]] std::string ping_target() const
    {
        return settings_.connection.account ? std::string(settings_.connection.account->domain())
                                            : *settings_.connection.component;
    }

    void stop()
    {
        spdlog::info("stopping");
        service_manager_.stopping();
        stopping_ = true;
        reload_.stop();
        control_->stop();
        if (page_) {
            page_->stop();
        }
        entity_.stop();
    }

    // --- reload

    /// The policy of these settings is in force; the rest of them follows.
    std::vector<std::string> put_in_force(const Settings& read)
    {
        auto on_restart = need_restart(settings_, read);
        for (const std::string& key : on_restart) {
            spdlog::warn("{}: the change takes effect when usherd is restarted", key);
        }
        log_saved(*policy_);
        settings_.store.journal_days = read.store.journal_days;
        settings_.connection.stock_reads_per_second = read.connection.stock_reads_per_second;
        set_stock();
        people_in_files_.read_again();
        entity_.retry_now();  // the password may be another
        settings_.log_level = read.log_level;
        spdlog::set_level(spdlog::level::from_str(settings_.log_level));
        return on_restart;
    }

    void policy_changed(PolicyInForce::Origin origin)
    {
        answerer_.set_policy(policy_->policy(), policy_->settings_version());
        const std::vector<std::string> ours = all_domains();
        const auto gone = [&ours](const auto& one) {
            return std::find(ours.begin(), ours.end(), one.first) == ours.end();
        };
        std::erase_if(states_, gone);
        std::erase_if(logged_states_, gone);
        entity_.set_domains(ours);
        operations_.end_web_sessions_of_removed();
        set_stock();
        set_people();
        set_archives();
        members_.bring();
        revocation_.policy_changed();
        if (origin == PolicyInForce::Origin::here) {  // else who has saved it answers what waits
            entity_.read_again();
        } else {
            spdlog::info("settings that were saved at another usherd are in force: settings generation {}",
                         policy_->policy()->generation());
        }
        report_answering();
    }

    void set_stock()
    {
        stock_.set_pace(settings_.connection.stock_reads_per_second);
        entity_.set_stock(stock_domains(policy_->organizations()));
    }

    void set_people()
    {
        const std::vector<OrganizationSettings> organizations = policy_->organizations();
        for (const OrganizationSettings& organization : organizations) {
            for (const std::string& domain : organization.domains) {
                people_.set_fields(domain, organization.people.fields);
            }
        }
        people_.set_domains(searched_domains(organizations, NamesFrom::vcard));
        ldap_.want(wanted_of_directory(policy_->file().ldap, organizations));
        people_in_files_.want(people_files(policy_->file().organizations));
    }

    void set_archives()
    {
        ArchiveKeeper::Wishes wishes;
        for (const Organization& organization : policy_->policy()->organizations()) {
            for (const std::string& domain : organization.domains) {
                wishes.emplace(domain, organization.archive);
            }
        }
        archives_.set_wishes(wishes);
    }

    void read_people_files(std::vector<PeopleFile> files, std::function<void(FileRefresh::Outcomes)> then)
    {
        const auto outcomes = std::make_shared<FileRefresh::Outcomes>();
        worker_.run(
            [outcomes, files = std::move(files)] {
                std::transform(files.begin(), files.end(), std::back_inserter(*outcomes), read_people_file);
            },
            [this, outcomes, then = std::move(then)] {
                if (!stopping_) {
                    then(std::move(*outcomes));
                }
            });
    }

    /// Reads the directory on a thread of its own: nothing else waits while that is slow.
    void read_directory(std::shared_ptr<const LdapWanted> wanted, std::shared_ptr<const GroupMembers> before,
                        std::string refused_password, std::function<void(LdapOutcome)> then)
    {
        const auto outcome =
            std::make_shared<LdapOutcome>(tl::unexpected(LdapProblem{"there is not enough memory"}));
        ldap_worker_.run(
            [outcome, wanted = std::move(wanted), before = std::move(before),
             refused = std::move(refused_password), stop = ldap_worker_.stop_descriptor()] {
                try {
                    *outcome = read_ldap(*wanted, before, refused, stop);
                } catch (const std::exception& problem) {
                    *outcome = tl::unexpected(LdapProblem{problem.what()});
                }
            },
            [this, outcome, then = std::move(then)] {
                if (!stopping_) {
                    then(std::move(*outcome));
                }
            });
    }

    /// See Operations::Run.
    void work_beside(std::function<void()> work, MembersInForce::Then then)
    {
        const auto done = std::make_shared<tl::expected<void, std::string>>();
        worker_.run(
            [done, work = std::move(work)] {
                try {
                    work();
                } catch (const std::exception& problem) {  // there is not enough memory, for example
                    *done = tl::unexpected(std::string(problem.what()));
                }
            },
            [this, done, then = std::move(then)] {
                if (!stopping_) {
                    then(*done);
                }
            });
    }

    void replay(ReplayRequest request, Callback<Replay> then)
    {
        const auto in_force = std::make_shared<Settings>();
        in_force->organizations = policy_->organizations();
        in_force->limits = policy_->policy()->limits();
        ask_journal<Replay>(
            [task = ReplayTask{std::move(request), settings_.store.url, in_force, members_.known(),
                               journal_worker_.stop_descriptor()}] { return replay_now(task); },
            std::move(then));
    }

    void report_federation(FederationOrder order, Callback<std::vector<FederationReport>> then)
    {
        ask_journal<std::vector<FederationReport>>(
            [order = std::move(order), url = settings_.store.url,
             stop = journal_worker_.stop_descriptor()]() -> Result<std::vector<FederationReport>> {
                auto report = federation_report(url, order, stop);
                if (!report) {
                    return not_read(report.error());
                }
                return *std::move(report);
            },
            std::move(then));
    }

    void find_policy_approvals(ApprovalOrder order, Callback<PolicyApprovals> then)
    {
        lost_records_->look([this, order = std::move(order),
                             then = std::move(then)](const tl::expected<void, std::string>& looked) mutable {
            if (looked) {
                search_policy_approvals(std::move(order), std::move(then));
            } else {
                then(not_read(looked.error()));
            }
        });
    }

    void search_policy_approvals(ApprovalOrder order, Callback<PolicyApprovals> then)
    {
        ask_journal<PolicyApprovals>(
            [order = std::move(order), url = settings_.store.url,
             stop = journal_worker_.stop_descriptor()]() -> Result<PolicyApprovals> {
                auto found = policy_approvals(url, order, stop);
                if (!found) {
                    return not_read(found.error());
                }
                return *std::move(found);
            },
            std::move(then));
    }

    void give_overview(OverviewOrder order, Callback<Overview> then)
    {
        ask_journal<Overview>(
            [order = std::move(order), url = settings_.store.url,
             stop = journal_worker_.stop_descriptor()]() -> Result<Overview> {
                auto counted = overview(url, order, stop);
                if (!counted) {
                    return not_read(counted.error());
                }
                return *std::move(counted);
            },
            std::move(then));
    }

    /// Has `work` give the answer to somebody who asked, on a thread of its own, however long the journal is.
    template <typename Value>
    void ask_journal(std::function<Result<Value>()> work, Callback<Value> then)
    {
        constexpr int kMaxWaiting = 4;
        if (journal_questions_ == kMaxWaiting) {
            return then(refused(Refusal::Kind::unavailable, "The journal is already being searched for " +
                                                                std::to_string(kMaxWaiting) +
                                                                " other questions: try again in a minute."));
        }
        ++journal_questions_;
        const auto done = std::make_shared<Result<Value>>();
        journal_worker_.run(
            [done, work = std::move(work)] {
                try {
                    *done = work();
                } catch (const std::exception& problem) {  // there is not enough memory, for example
                    *done = not_read(problem.what());
                }
            },
            [this, done, then = std::move(then)] {
                --journal_questions_;
                if (!stopping_) {
                    then(std::move(*done));
                }
            });
    }

    // --- EntityEvents

    void domain_changed(const std::string& domain, DomainState state) override
    {
        states_[domain] = state;
        if (state == DomainState::answering) {
            revocation_.domain_answers();
        }
        if (awaiting_login_ && entity_.connection_state() == Connection::State::online) {
            awaiting_login_.reset();
            begin_check();
        }
        if (state == DomainState::offline || state == DomainState::asking || state == DomainState::reading) {
            report_answering();
            return;
        }
        // The domain is asked again every minute, but a state is logged only when it changes.
        if (const auto logged = logged_states_.find(domain);
            logged != logged_states_.end() && logged->second == state) {
            report_answering();
            return;
        }
        logged_states_[domain] = state;
        log_domain_state(domain, state, own_address(settings_.connection));
        report_answering();
    }

    void offline(const Failure& failure, milliseconds retry) override
    {
        operations_.set_offline_because(to_string(failure, settings_.connection));
        if (check_ || stopping_) {
            end_check(tl::unexpected(operations_.not_connected()));
        }
        if (failure.kind != Failure::Kind::closed) {
            logged_states_.clear();
            spdlog::warn("{}", to_string(failure, settings_.connection));
        }
        if (stopping_) {
            event_base_loopexit(base_.get(), nullptr);  // after one more round, which sends what is queued
            return;
        }
        if (failure.kind != Failure::Kind::closed) {
            spdlog::info("next attempt in {:.1f} s", static_cast<double>(retry.count()) / 1000);
        }
        service_manager_.show("connecting: " + to_string(failure, settings_.connection));
    }

    void report_answering()
    {
        if (stopping_ || entity_.connection_state() != Connection::State::online) {
            return;
        }
        std::size_t answering = 0;
        std::size_t stock = 0;
        std::size_t all = 0;
        for (const std::string& domain : all_domains()) {
            ++all;
            answering += states_[domain] == DomainState::answering ? 1U : 0U;
            stock += states_[domain] == DomainState::stock ? 1U : 0U;
        }
        service_manager_.show(
            "answering on " + std::to_string(answering) + " of " + std::to_string(all) + " domains" +
            (stock == 0 ? std::string()
                        : "; without a connector, approving only between users of the server, on " +
                              std::to_string(stock)));
    }

    // --- usherctl check

    /// Starts a check unless one is running; all callers get its report. Without a login it waits a while for
    /// one, because usherd or the server may just have been started.
    void check(Callback<CheckReport> then)
    {
        constexpr milliseconds kLoginWait{10'000};
        check_callers_.push_back(std::move(then));
        if (check_ || awaiting_login_) {
            return;
        }
        if (entity_.connection_state() == Connection::State::online) {
            begin_check();
            return;
        }
        awaiting_login_ =
            clock_.after(kLoginWait, [this] { end_check(tl::unexpected(operations_.not_connected())); });
    }

    void begin_check()
    {
        Settings in_force = settings_;
        in_force.organizations = policy_->organizations();
        check_.emplace(path_, std::move(in_force), channels_, clock_, [this](const CheckReport& report) {
            // Later, because end_check() destroys the check that is calling.
            check_ended_ = clock_.after(milliseconds(0), [this, report] { end_check(report); });
        });
        entity_.set_listener([this](const Stanza& stanza) { check_->received(stanza); });
        Check::LastReplies last_replies;
        for (const std::string& domain : all_domains()) {
            if (const auto last = operations_.last_round_trip(domain)) {
                last_replies.emplace(domain, *last);
            }
        }
        check_->start_on(entity_.iqs(), entity_.advertised(), last_replies);
    }

    void end_check(const Result<CheckReport>& report)
    {
        entity_.set_listener(nullptr);
        check_.reset();
        const std::unique_ptr<Timer> ended = std::move(check_ended_);
        const std::unique_ptr<Timer> awaited = std::move(awaiting_login_);
        for (const Callback<CheckReport>& then : std::exchange(check_callers_, {})) {
            then(report);
        }
    }

    const std::string path_;
    Settings settings_;  ///< in force, without the organizations, which policy_ has
    EventLoop base_;
    EventClock clock_;
    ServiceManager service_manager_{clock_};
    StropheChannels channels_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<PolicyInForce> policy_;
    std::unique_ptr<LostRecords> lost_records_;
    Choices choices_;
    Journal journal_;
    JournalExpiry journal_expiry_;
    Answerer answerer_;
    RecordedApprovals recorded_approvals_;
    DeletedAccounts deleted_accounts_;
    Entity entity_;
    StockApproval stock_;
    Directory directory_;
    PeopleRefresh people_;
    ArchiveKeeper archives_;
    KnownChoices person_choices_{*database_, clock_};
    ContactNames contact_names_{directory_, person_choices_};
    Approvals approvals_{clock_, entity_.iqs()};
    MembersInForce members_{*policy_, clock_, [this](std::function<void()> work, MembersInForce::Then then) {
                                work_beside(std::move(work), std::move(then));
                            }};
    LdapRefresh ldap_{
        clock_, directory_, std::chrono::system_clock::now,
        [this](std::shared_ptr<const LdapWanted> wanted, std::shared_ptr<const GroupMembers> before,
               std::string refused_password, std::function<void(LdapOutcome)> then) {
            read_directory(std::move(wanted), std::move(before), std::move(refused_password),
                           std::move(then));
        },
        [this](const std::shared_ptr<const GroupMembers>& members) { members_.set(members); }};
    FileRefresh people_in_files_{
        clock_, directory_, std::chrono::system_clock::now, random_fraction(),
        [this](std::vector<PeopleFile> files, std::function<void(FileRefresh::Outcomes)> then) {
            read_people_files(std::move(files), std::move(then));
        }};
    std::optional<WebSessions> web_sessions_;  // nothing: there is no page
    Operations operations_;
    AutomaticRevocation revocation_{{*policy_, operations_, *database_, clock_,
                                     std::chrono::system_clock::now, [this] { return ldap_.status(); }}};
    ClientService client_service_;
    std::unique_ptr<Control> control_;
    std::unique_ptr<HttpServer> metrics_;
    std::unique_ptr<WebPage> page_;
    std::optional<Check> check_;
    std::vector<Callback<CheckReport>> check_callers_;
    std::unique_ptr<Timer> check_ended_;
    std::unique_ptr<Timer> awaiting_login_;  ///< for the callers in `check_callers_`
    std::map<std::string, DomainState> states_;
    std::map<std::string, DomainState> logged_states_;
    bool stopping_ = false;
    StoreWatch store_watch_{*database_, *policy_, *lost_records_, clock_, [this] { entity_.read_again(); }};
    Worker worker_{base_.get()};
    SettingsReload reload_{
        path_,   *policy_,         members_,
        worker_, service_manager_, [this](const Settings& read) { return put_in_force(read); }};
    Worker ldap_worker_{base_.get()};
    Worker journal_worker_{base_.get()};
    int journal_questions_ = 0;  ///< under way and waiting
};

}  // namespace

ExitCode run_daemon(const std::string& path, Settings settings)
{
    std::signal(SIGHUP, SIG_IGN);  // until it is watched: otherwise it would end usherd
    EventLoop loop = make_event_loop();
    ServiceManager::extend_start();
    auto begun = begin(path, settings, loop.get());
    if (!begun) {
        return begun.error();
    }
    log_saved(*begun->policy);
    return Daemon(path, std::move(settings), std::move(loop), std::move(begun->database),
                  std::move(begun->policy), std::move(begun->secret), std::move(begun->lost_records))
        .run();
}

}  // namespace usher
