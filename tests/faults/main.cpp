// The fault run: many requests, while everything fails that can, and afterwards the books are balanced.
//
//   fault_run [SEED [REQUESTS [FAULTS [SERVER [STORE]]]]]
//
// The same seed makes the same requests and the same faults, in the same order; what they meet at that moment
// is up to the machine. README.md says how to read what it prints.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>

#include "link.h"
#include "loop_probe.h"
#include "outcome.h"
#include "people.h"
#include "postgres_store.h"
#include "private_ejabberd.h"
#include "progress.h"
#include "revoking.h"
#include "schedule.h"
#include "servers.h"
#include "store.h"
#include "usherctl.h"
#include "usherd.h"

namespace usher::test
{

namespace
{

using std::chrono::milliseconds;

/// How long the next fault waits for the daemon to come back from the last one. Back-off may take longer:
/// then the next fault meets a daemon that is away.
constexpr milliseconds kPause{2'000};
/// How long nothing may be seen to happen while the daemon recovers. Its longest back-off is 60 s, and so is the
/// connector's pause between two hints that requests have passed unanswered; with a half-open connection it lives
/// for 75 s. On a busy machine all that may come one after the other.
constexpr milliseconds kRecovery{600'000};
/// How many requests are held when the daemon leaves, and how many of them one session gets: the sixth is refused by
/// ejabberd's mod_pres_counter as Debian has it.
constexpr std::size_t kHeld = 100;
constexpr std::size_t kHeldForOne = 5;
/// So many approvals are revoked in some ten seconds.
constexpr std::size_t kMany = 1'000;

struct Arguments {
    std::uint64_t seed = 1;
    std::size_t requests = 10'000;
    std::size_t faults = 200;
    std::string server = "prosody";
    std::string store = "sqlite";
};

StoreKind store_kind(const std::string& name)
{
    if (name == "sqlite") {
        return StoreKind::sqlite;
    }
    if (name == "postgresql") {
        return StoreKind::postgresql;
    }
    throw std::invalid_argument("no such store: " + name + " (known: sqlite, postgresql)");
}

std::unique_ptr<Store> make_store(StoreKind kind, const OwnMounts& mounts)
{
    if (kind == StoreKind::sqlite) {
        return std::make_unique<SqliteStore>(mounts);
    }
    return std::make_unique<PostgresStore>(mounts);
}

ServerOptions server_options(Login login, const std::string& server)
{
    ServerOptions options;
    options.hosts = {"capulet.lit"};
    options.connector = true;
    options.entities = {entity_address(login)};
    options.approval_entities = options.entities;
    options.components = People::components();
    if (server == "ejabberd") {
        options.for_all = "  mod_pres_counter: {count: 5, interval: 60}\n";
    }
    return options;
}

UsherdOptions usherd_options(const Store& store)
{
    UsherdOptions options;
    options.organization =
        rule({contact_domain(Policy::approve)}, "approve") + rule({contact_domain(Policy::deny)}, "deny");
    options.more =
        "[limits]\napprovals_per_contact_per_hour = 0\napprovals_per_domain_per_hour = 0\n"
        "approvals_per_user_per_hour = 0\n";
    options.store_url = store.url();
    return options;
}

UsherdConnection through(const Link& link, UsherdConnection connection)
{
    connection.port = link.port();
    return connection;
}

class FaultRun
{
  public:
    FaultRun(const OwnMounts& mounts, const Arguments& arguments, std::mt19937_64& random)
        : clock_(mounts),
          store_(make_store(store_kind(arguments.store), mounts)),
          login_(random() % 2 == 0 ? Login::component : Login::account),
          server_(make_server(arguments.server, server_options(login_, arguments.server))),
          link_(is_account(entity_address(login_)) ? server_->client_port() : server_->component_port()),
          usherd_(through(link_, connection_to(*server_)), usherd_options(*store_)),
          probe_(usherd_.directory() / "control.sock"),
          people_(*server_, random, arguments.requests)
    {
        std::cout << "Usher logs in as " << entity_address(login_) << std::endl;
        count_presences(false);
        usherd_.start(clock_.environment());
        usherd_.wait_until_answering();
        people_.come({});
    }

    /// One fault of the schedule; in the course of it requests are made until there are so many of them.
    void meet(const PlannedFault& planned, std::size_t last)
    {
        last = std::max(last, people_.asked());  // there may have been more in the course of an earlier one
        people_.ask(std::min(last, people_.asked() + planned.requests_before));
        people_.go_on(within(std::chrono::ceil<milliseconds>(planned.after_them)), people_.asked());
        const std::size_t during = people_.asked() + (last - people_.asked()) / 2;
        cause(planned, during);
        last = std::max(last, people_.asked());
        const Deadline pause = within(kPause);
        do {
            people_.go_on(within(milliseconds(100)), last);
        } while (!answering() && Clock::now() < pause);
    }

    /// Returns when only those requests wait that policy leaves to their users, or when nothing happens any more.
    void recover()
    {
        clock_.set(std::chrono::hours(0));
        const Usherctl usherctl(usherd_.directory() / "control.sock");
        const std::size_t all = people_.requests().size();
        Progress asked("requests that are asked", all, kRecovery);
        std::size_t fewest_wait = all;
        for (;;) {
            asked.reached(people_.asked());
            if (asked.complete() && answering()) {
                const std::optional<std::size_t> waiting = unanswered(usherctl);
                if (waiting == std::size_t{0} && settled(usherctl)) {
                    break;
                }
                if (waiting && *waiting < fewest_wait) {
                    fewest_wait = *waiting;
                    asked.goes_on();
                }
            }
            if (asked.stalled()) {
                std::cout << "not recovered: " << asked.str() << "; " << fewest_wait
                          << " that policy answers wait; usherd: " << usherd_.newest_status() << std::endl;
                return;  // the books will tell what is missing
            }
            people_.go_on(within(milliseconds(200)), all);
        }
    }

    [[nodiscard]] Outcome outcome()
    {
        Outcome outcome;
        people_.users_leave();
        outcome.lost = unseen_;
        const auto users = read_users(*server_, people_.users());
        compare(people_.requests(), users, store_->journal(), outcome);
        // An answer that was on its way when the server went is not sent again. The books above have it; who
        // asks again is told.
        for (Request& request : people_.requests()) {
            if (request.cut_off && !request.answered()) {
                ++outcome.told_late;
                people_.ask_again(request);
            }
        }
        const std::size_t untold_before = untold();
        Progress told("answers to those who have asked again", untold_before);
        while (outcome.told_late > 0 && !told.complete() && !told.stalled()) {
            people_.go_on(milliseconds(100));
            told.reached(untold_before - untold());
        }
        if (outcome.told_late > 0 && !told.complete()) {
            std::cout << told.str() << std::endl;  // the books will tell who
        }
        people_.round_trip();
        compare_told(people_.requests(), store_->journal(), outcome);
        outcome.wrong.insert(outcome.wrong.end(), people_.complaints().begin(), people_.complaints().end());
        return outcome;
    }

    /// Has revoked what policy has approved, while those faults come, and until nothing is left to revoke, or nothing happens
    /// any more; then the books of that are closed.
    void revoke(const std::vector<PlannedFault>& planned, Outcome& outcome)
    {
        // Where there are many, of so many users more with each fault, or all would be revoked before the last.
        const bool many = outcome.approved > kMany;
        for (std::size_t i = 0; i < planned.size(); ++i) {
            std::cout << "revoking, fault " << i + 1 << ": " << text(planned[i]) << std::endl;
            const std::size_t users =
                std::max<std::size_t>(1, people_.users().size() * (i + 1) / planned.size());
            std::size_t turn = i;
            const auto next = [&] { revoking_.go_on(many ? people_.users()[turn++ % users] : ""); };
            next();
            people_.go_on(std::chrono::ceil<milliseconds>(planned[i].after_them));
            cause(planned[i], people_.asked());
            const Deadline pause = within(kPause);
            do {
                next();
                people_.go_on(milliseconds(100));
            } while (!answering() && Clock::now() < pause);
        }
        clock_.set(std::chrono::hours(0));
        std::cout << "no more faults" << std::endl;
        const std::size_t all = people_.requests().size();
        Progress progress("revocations", all, kRecovery);
        std::optional<Revoking::Left> left;
        for (std::size_t seen = revoking_.successes(); !left || left->policys > 0;) {
            if (progress.stalled()) {
                std::cout << "not all is revoked: " << progress.str() << std::endl;
                break;  // the books will tell what is missing
            }
            revoking_.go_on();
            people_.go_on(milliseconds(200));
            if (answering() && revoking_.successes() != seen) {
                seen = revoking_.successes();
                left = revoking_.left();
            }
            progress.reached(std::min(all - 1, revoked_told()));
        }
        people_.round_trip();
        compare_revoked(people_.requests(), read_users(*server_, people_.users()), store_->journal(),
                        left ? left->own : decltype(left->own)(), outcome);
    }

    /// Since the last call.
    [[nodiscard]] LoopProbe::Longest longest_hold() { return probe_.take(); }

  private:
    void cause(const PlannedFault& planned, std::size_t up_to)
    {
        const auto go_on = [&] { people_.go_on(within(planned.lasts), up_to); };
        switch (planned.fault) {
            case Fault::daemon_killed:
                usherd_.kill();
                go_on();
                usherd_.start(clock_.environment());
                break;
            case Fault::daemon_stopped:
                probe_.set_on(false);
                usherd_.signal(SIGSTOP);
                go_on();
                usherd_.signal(SIGCONT);
                probe_.set_on(true);
                break;
            case Fault::daemon_leaves:
                leave_holding();
                go_on();
                usherd_.start(clock_.environment());
                break;
            case Fault::server_restarted:
                server_->stop();
                people_.see_it_end(true);
                people_.note_stored(store_->journal());
                bring_server_back();
                break;
            case Fault::server_killed:
                kill_server();
                bring_server_back();
                break;
            case Fault::connection_cut:
                link_.cut(planned.reset ? Link::End::reset : Link::End::closed);
                go_on();
                break;
            case Fault::half_open:
                lose_connection(planned, up_to);
                break;
            case Fault::slowed:
                link_.limit(1'000);
                go_on();
                link_.limit(std::nullopt);
                break;
            case Fault::disk_full:
                store_->fill_disk();
                go_on();
                store_->make_room();
                break;
            case Fault::store_locked:
                store_->lock();
                go_on();
                store_->release();
                break;
            case Fault::clock_set:
                clock_.set(planned.clock);
                go_on();
                break;
            case Fault::postgres_killed:
                postgres().kill();
                go_on();
                postgres().start();
                break;
            case Fault::postgres_restarted:
                postgres().stop();
                go_on();
                postgres().start();
                break;
            case Fault::postgres_stopped:
                postgres().pause();
                go_on();
                postgres().resume();
                break;
            case Fault::postgres_silent:
                postgres().lose_packets();
                go_on();
                postgres().deliver_packets();
                break;
            case Fault::postgres_read_only:
                postgres().set_read_only(true);
                go_on();
                postgres().set_read_only(false);
                break;
            case Fault::postgres_fails_over:
                postgres().make_standby();
                postgres().hold_standby();
                go_on();
                postgres().fail_over();
                break;
        }
    }

    [[nodiscard]] PostgresStore& postgres() { return dynamic_cast<PostgresStore&>(*store_); }

    /// All that is held then is given to the users at once, and they see it.
    void leave_holding()
    {
        people_.settle();
        people_.users_return();
        probe_.set_on(false);
        usherd_.signal(SIGSTOP);
        const std::size_t first = people_.asked();
        people_.spread(first + kHeld, kHeldForOne);
        people_.ask(first + kHeld);
        people_.round_trip();
        count_presences(true);
        usherd_.kill();
        probe_.set_on(true);
        Progress seen("requests that users see when the daemon leaves", people_.asked() - first);
        while (!people_.unseen(first).empty() && !seen.stalled()) {
            people_.go_on(milliseconds(10));
            seen.reached(people_.asked() - first - people_.unseen(first).size());
        }
        for (const std::string& request : people_.unseen(first)) {
            unseen_.push_back(request + " is not seen when the daemon has left");
        }
        count_presences(false);
    }

    /// Whether ejabberd counts users' and contacts' subscription stanzas. The contacts here send more than it lets pass.
    void count_presences(bool on)
    {
        if (auto* ejabberd = dynamic_cast<PrivateEjabberd*>(server_.get())) {
            const std::string done = ejabberd->evaluate(std::string("gen_mod:") + (on ? "start" : "stop") +
                                                        "_module(<<\"capulet.lit\">>, mod_pres_counter).");
            if (done != "ok") {
                throw std::runtime_error("mod_pres_counter: " + done);
            }
        }
    }

    void lose_connection(const PlannedFault& planned, std::size_t up_to)
    {
        const unsigned connections = link_.connections();
        link_.lose_packets();
        people_.go_on(within(planned.lasts), up_to);
        if (planned.to_the_end) {
            const Deadline deadline = within(kRecovery);
            // The server still has the old connection, and takes the new one.
            while (link_.connections() == connections || !answering()) {
                if (Clock::now() >= deadline) {
                    throw std::runtime_error(
                        "the daemon does not notice that its connection is half open, or is not back from it, but: " +
                        usherd_.newest_status());
                }
                people_.go_on(milliseconds(100));
            }
        }
        link_.deliver_packets();
    }

    /// What a server that stores later said as it fell may not be so: that is the server's own affair, with
    /// and without Usher. Only what was known before it was killed is counted as stored.
    void kill_server()
    {
        const bool stores_first = server_->manners().stores_before_it_tells;
        if (!stores_first) {
            people_.note_stored(store_->journal());
        }
        server_->kill();
        people_.see_it_end(stores_first);
        if (stores_first) {
            people_.note_stored(store_->journal());
        }
    }

    /// Contacts and users are back before the daemon: what the server sends to those who are away is lost,
    /// with and without Usher.
    void bring_server_back()
    {
        link_.set_open(false);
        server_->start();
        count_presences(false);
        people_.come(store_->journal());
        link_.set_open(true);
    }

    [[nodiscard]] bool answering() { return usherd_.newest_status() == "answering on 1 of 1 domains"; }

    /// Whether none waits when all that was asked last has arrived, and the server holds nothing any more.
    [[nodiscard]] bool settled(const Usherctl& usherctl)
    {
        people_.settle();
        people_.round_trip();
        return unanswered(usherctl) == std::size_t{0};
    }

    [[nodiscard]] std::size_t untold()
    {
        return static_cast<std::size_t>(std::count_if(
            people_.requests().begin(), people_.requests().end(),
            [](const Request& request) { return request.policy != Policy::leave && !request.answered(); }));
    }

    [[nodiscard]] std::size_t revoked_told()
    {
        return static_cast<std::size_t>(
            std::count_if(people_.requests().begin(), people_.requests().end(), [](const Request& request) {
                return request.policy == Policy::approve && request.unsubscribed > 0;
            }));
    }

    /// How many requests wait that policy does not leave to their users; nothing if the daemon cannot tell.
    [[nodiscard]] static std::optional<std::size_t> unanswered(const Usherctl& usherctl)
    {
        const Usherctl::Ran ran = usherctl.run({"--json", "waiting"});
        if (ran.status != 0) {
            return std::nullopt;
        }
        const nlohmann::json waiting = nlohmann::json::parse(ran.output);
        return static_cast<std::size_t>(std::count_if(
            waiting.at("requests").begin(), waiting.at("requests").end(), [](const auto& request) {
                return !request.at("contact").template get<std::string>().ends_with(
                    "@" + contact_domain(Policy::leave));
            }));
    }

    WallClock clock_;
    std::unique_ptr<Store> store_;
    Login login_;
    std::unique_ptr<Server> server_;
    Link link_;
    Usherd usherd_;
    LoopProbe probe_;
    People people_;
    Revoking revoking_{Usherctl(usherd_.directory() / "control.sock")};
    std::vector<std::string> unseen_;
};

void print(const std::string& title, const std::vector<std::string>& lines)
{
    constexpr std::size_t kMax = 20;
    for (std::size_t i = 0; i < std::min(kMax, lines.size()); ++i) {
        std::cout << title << ": " << lines[i] << "\n";
    }
    if (lines.size() > kMax) {
        std::cout << title << ": and " << lines.size() - kMax << " more\n";
    }
}

void run(const Arguments& arguments)
{
    const auto begun = Clock::now();
    if (store_kind(arguments.store) == StoreKind::postgresql && ::geteuid() != 0) {
        throw std::runtime_error("PostgreSQL's faults want root: it runs as a user of its own");
    }
    const OwnMounts mounts;
    std::mt19937_64 random(arguments.seed);
    const std::vector<PlannedFault> planned = schedule(random, arguments.faults, People::kWindow / 2,
                                                       store_kind(arguments.store), WallClock::can_be_set());
    std::cout << "seed " << arguments.seed << ": " << arguments.requests << " requests, " << planned.size()
              << " faults, on " << arguments.server << " and " << arguments.store << std::endl;
    if (!WallClock::can_be_set()) {
        std::cout << "The clock is not set: libfaketime does not work under the sanitizers." << std::endl;
    }

    FaultRun fault_run(mounts, arguments, random);
    std::map<Fault, unsigned> kinds;
    std::map<Fault, LoopProbe::Longest> holds;
    (void)fault_run.longest_hold();  // until it was ready
    for (std::size_t i = 0; i < planned.size(); ++i) {
        const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
        std::cout << static_cast<long>(seconds) << " s, fault " << i + 1 << ": " << text(planned[i])
                  << std::endl;
        ++kinds[planned[i].fault];
        fault_run.meet(planned[i], arguments.requests * (i + 1) / planned.size());
        LoopProbe::Longest& longest = holds[planned[i].fault];
        const LoopProbe::Longest met = fault_run.longest_hold();
        longest = {std::max(longest.hold, met.hold), std::max(longest.own_delay, met.own_delay)};
    }
    std::cout << "no more faults" << std::endl;
    fault_run.recover();
    Outcome outcome = fault_run.outcome();
    std::vector<PlannedFault> revoking =
        schedule(random, arguments.faults / 2, 0, store_kind(arguments.store), WallClock::can_be_set());
    std::erase_if(revoking, [](const PlannedFault& one) { return one.fault == Fault::daemon_leaves; });
    fault_run.revoke(revoking, outcome);

    for (const auto& [fault, count] : kinds) {
        const auto ms = [](auto time) { return std::chrono::duration_cast<milliseconds>(time).count(); };
        std::cout << count << " times " << name(fault) << "; the loop was held for " << ms(holds[fault].hold)
                  << " ms at most (this program for " << ms(holds[fault].own_delay) << " ms)\n";
    }
    print("lost", outcome.lost);
    print("twice", outcome.twice);
    print("unrecorded", outcome.unrecorded);
    print("wrong", outcome.wrong);
    std::cout << outcome.revoked << " revoked, of which " << outcome.revoked_untold
              << " contacts have not learned; " << outcome.kept << " count as persons' own\n";
    std::cout << arguments.requests << " requests, " << planned.size() << " and " << revoking.size()
              << " faults: " << outcome.approved << " approved, " << outcome.denied << " denied, "
              << outcome.waiting << " waiting; " << outcome.lost.size() << " lost, " << outcome.twice.size()
              << " twice, " << outcome.unrecorded.size() << " unrecorded, " << outcome.wrong.size()
              << " wrong (" << outcome.told_late << " told on asking again; "
              << std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun).count() << " s)"
              << std::endl;
    if (!outcome.good()) {
        throw std::runtime_error("the books do not balance");
    }
}

}  // namespace

}  // namespace usher::test

int main(int argc, char** argv)
{
    using namespace usher::test;
    Arguments arguments;
    try {
        if (argc > 1) {
            arguments.seed = std::stoull(argv[1]);
        }
        if (argc > 2) {
            arguments.requests = std::stoul(argv[2]);
        }
        if (argc > 3) {
            arguments.faults = std::stoul(argv[3]);
        }
        if (argc > 4) {
            arguments.server = argv[4];
        }
        if (argc > 5) {
            arguments.store = argv[5];
        }
        run(arguments);
    } catch (const std::exception& error) {
        std::cout << error.what() << "\nTo run it again: tests/faults/run " << arguments.seed << " "
                  << arguments.requests << " " << arguments.faults << " " << arguments.server << " "
                  << arguments.store << std::endl;
        return 1;
    }
    return 0;
}
