// When approvals are revoked that have ended or would not be given any more, and that nothing is revoked before its time.
#include "plugin/core/automatic_revocation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "approvals_scene.h"
#include "copied_records.h"
#include "ldap_section.h"
#include "logged_lines.h"
#include "plugin/settings/group_members.h"

namespace usher
{

namespace
{

using namespace std::chrono_literals;
using std::chrono::system_clock;
using test::ApprovalsScene;
using Strings = std::vector<std::string>;

const std::string kJuliet = "juliet@capulet.lit";
const std::string kNurse = "nurse@capulet.lit";
const std::string kPeter = "peter@capulet.lit";
const std::string kPrompt = "users_may_choose = false\noption = \"prompt\"\n";

std::string setting(const std::string& value)
{
    return "revoke_when_no_longer_approved = \"" + value + "\"\n";
}

/// One usherd, which may have a clock of its own.
struct Process {
    explicit Process(ApprovalsScene& scene, const std::optional<LdapStatus>& ldap,
                     system_clock::duration set_ahead = {})
        : ahead(set_ahead),
          revocation({*scene.policy, scene.operations, *scene.database, scene.clock,
                      [&scene, this] { return scene.now + ahead; }, [&ldap] { return ldap; }})
    {
        revocation.domain_answers();
    }

    system_clock::duration ahead;
    AutomaticRevocation revocation;
};

struct Scene : ApprovalsScene {
    Scene()
    {
        operations.set_approvals({&approvals, &names,
                                  [this](ApprovalOrder order, const auto& then) {
                                      auto found = policy_approvals("sqlite3://" + path, order);
                                      then(found ? Result<PolicyApprovals>(*std::move(found))
                                                 : not_read(found.error()));
                                  },
                                  [this] { return now + (process ? process->ahead : 0s); }});
        offering = {"capulet.lit", "capulet.example"};
        log_in();
    }
    [[nodiscard]] test::RosterEntry& of(const std::string& contact) { return roster[{kJuliet, contact}]; }

    /// Both clocks go on.
    void pass(system_clock::duration time)
    {
        for (const auto end = now + time; now < end;) {
            const auto step = std::min<system_clock::duration>(20s, end - now);
            now += step;
            clock.advance(std::chrono::duration_cast<std::chrono::milliseconds>(step));
            serve();
        }
    }
    void begin(system_clock::duration ahead = {})
    {
        process.reset();
        process = std::make_unique<Process>(*this, ldap, ahead);
    }
    void change(const std::string& more)
    {
        put_in_force(more);
        if (process) {
            process->revocation.policy_changed();
        }
    }
    /// Nurse and Peter have been approved; then they would not be. Somebody has looked a moment ago.
    void approve_and_change(const std::string& value)
    {
        for (const std::string& contact : {kNurse, kPeter}) {
            BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
        }
        begin();
        pass(2h);
        change(kPrompt + setting(value));
        pass(6min);
    }
    [[nodiscard]] RevocationStatus status() const { return process->revocation.status("Capulet").value(); }
    [[nodiscard]] std::size_t in_force()
    {
        return static_cast<std::size_t>(of(kNurse).is_approved()) +
               static_cast<std::size_t>(of(kPeter).is_approved());
    }

    std::optional<LdapStatus> ldap;
    std::unique_ptr<Process> process;
};

// --- The pure part

constexpr system_clock::time_point kNoon{1'795'521'600s};

RevocationLook look_at(system_clock::time_point now, std::vector<RevocationLook::Found> found,
                       bool may_take = true)
{
    return {
        .now = now, .found = std::move(found), .clock_jumped = false, .may_take = may_take, .ends_until = {}};
}

std::map<std::int64_t, std::chrono::hours> hours_left(const RevocationWaits& waits)
{
    std::map<std::int64_t, std::chrono::hours> left;
    for (const RevocationWaits::Wait& one : waits.waits) {
        left[one.record] = std::chrono::duration_cast<std::chrono::hours>(one.due - waits.looked_at);
    }
    return left;
}
using Left = std::map<std::int64_t, std::chrono::hours>;

}  // namespace

BOOST_AUTO_TEST_SUITE(automatic_revocation)

BOOST_AUTO_TEST_CASE(each_approval_waits_from_the_look_that_has_found_it_first)
{
    auto due = after_look({}, look_at(kNoon, {{1}, {2}}));
    for (int hour = 1; hour < 24; ++hour) {
        due = after_look(due.waits,
                         look_at(kNoon + hour * 1h, hour < 5 ? std::vector<RevocationLook::Found>{{1}, {2}}
                                                             : std::vector<RevocationLook::Found>{{2}, {3}}));
        BOOST_TEST(due.taken.empty());
    }
    BOOST_TEST((hours_left(due.waits) == Left{{2, 1h}, {3, 6h}}));
    due = after_look(due.waits, look_at(kNoon + 24h, {{1}, {2}, {3}}, false));
    BOOST_TEST(due.taken.empty());  // who may not take leaves it
    due = after_look(due.waits, look_at(kNoon + 24h, {{1}, {2}, {3}}));
    BOOST_TEST((due.taken == std::vector<std::int64_t>{2}));
    BOOST_TEST((hours_left(due.waits) == Left{{1, 24h}, {3, 5h}}));
    due = after_look(due.waits, look_at(kNoon + 24h + 1min, {{1}, {2}, {3}}));
    BOOST_TEST(
        due.taken.empty());  // somebody has taken it; should it still be there tomorrow, it waited anew
    BOOST_TEST((hours_left(due.waits).at(2) == 24h));
}

BOOST_AUTO_TEST_CASE(after_a_gap_or_a_jump_all_wait_anew)
{
    const RevocationWaits waits{kNoon, {}, {{1, kNoon + 1h}}};
    BOOST_TEST((hours_left(after_look(waits, look_at(kNoon + 3h, {{1}}, false)).waits) == Left{{1, -2h}}));
    for (const auto now : {kNoon + 3h + 1s, kNoon - 6min, kNoon + 24h * 365}) {
        const auto due = after_look(waits, look_at(now, {{1}}));
        BOOST_TEST(due.taken.empty());
        BOOST_TEST((hours_left(due.waits) == Left{{1, 24h}}));
    }
    auto jumped = look_at(kNoon + 2h, {{1, true}});
    jumped.clock_jumped = true;
    const auto due = after_look(waits, jumped);
    BOOST_TEST(due.taken.empty());
    BOOST_TEST((hours_left(due.waits) == Left{{1, 24h}}));
}

BOOST_AUTO_TEST_CASE(what_has_ended_waits_for_the_next_look_only_while_looks_follow_each_other)
{
    auto due = after_look({}, look_at(kNoon, {{1, true}}));
    BOOST_TEST((hours_left(due.waits) == Left{{1, 24h}}));  // the clock may be ahead
    due = after_look(due.waits, look_at(kNoon + 1h, {{1, true}, {2, true}}));
    BOOST_TEST(due.taken.empty());
    due = after_look(due.waits, look_at(kNoon + 1h + 1min, {{1, true}, {2, true}}));
    BOOST_TEST(due.taken.empty());
    due = after_look(due.waits, look_at(kNoon + 2h, {{1, true}, {2, true}}));
    BOOST_TEST((due.taken == std::vector<std::int64_t>{2}));
    BOOST_TEST((hours_left(due.waits) == Left{{1, 22h}}));
}

BOOST_AUTO_TEST_CASE(so_many_are_taken_at_once)
{
    std::vector<RevocationLook::Found> found;
    for (std::int64_t record = 1; record <= 2'500; ++record) {
        found.push_back({record});
    }
    auto due = after_look({}, look_at(kNoon, found));
    due.waits.looked_at = kNoon + 24h;
    std::set<std::int64_t> taken;
    for (const std::size_t count : {1'000U, 1'000U, 500U, 0U}) {
        due = after_look(due.waits, look_at(kNoon + 24h, found));
        BOOST_TEST(due.taken.size() == count);
        taken.insert(due.taken.begin(), due.taken.end());
        std::erase_if(found, [&taken](const auto& one) { return taken.contains(one.record); });
    }
    BOOST_TEST(taken.size() == 2'500U);
}

BOOST_AUTO_TEST_CASE(an_approval_has_ended_from_its_end_on_unless_the_user_always_accepts_the_contact)
{
    PolicyApproval approval{.pair = {Address::prepare(kJuliet).value(), Address::prepare(kNurse).value()},
                            .record = 1,
                            .at = kNoon,
                            .organization = "Capulet"};
    BOOST_TEST(!has_ended(approval, {}, kNoon + 24h * 365));
    approval.ends = kNoon + 2h;
    BOOST_TEST(!has_ended(approval, {}, kNoon + 2h - 1ms));
    BOOST_TEST(has_ended(approval, {}, kNoon + 2h));
    Facts facts;
    for (const Handling handling : kHandlings) {
        facts.exception = ContactException{handling, kNurse};
        BOOST_TEST(has_ended(approval, facts, kNoon + 2h) == (handling != Handling::always_accept));
    }
}

// --- With an organisation

BOOST_FIXTURE_TEST_CASE(with_never_nobody_looks, Scene)
{
    approve_and_change("never");
    pass(30h);
    BOOST_TEST(!process->revocation.status("Capulet").has_value());
    BOOST_TEST(in_force() == 2U);
}

BOOST_FIXTURE_TEST_CASE(report_counts_logs_and_revokes_nothing, Scene)
{
    const test::LoggedLines log(spdlog::level::info);
    const auto of_approvals = [&log] {
        Strings lines = log.lines();
        std::erase_if(lines,
                      [](const std::string& line) { return line.find("approval") == std::string::npos; });
        return lines;
    };
    const Strings found{"Capulet: 2 approvals by policy have ended or would not be given any more"};
    approve_and_change("report");
    BOOST_TEST(status().found == 2U);
    BOOST_TEST(!status().from.has_value());
    BOOST_TEST((status().setting == Revoking::report));
    BOOST_TEST(status().problem == "");
    BOOST_TEST(of_approvals() == found, boost::test_tools::per_element());
    pass(30h);
    BOOST_TEST(of_approvals() == found, boost::test_tools::per_element());  // once, and not each hour
    BOOST_TEST(in_force() == 2U);
    BOOST_TEST(revocations().empty());
    change(setting("report"));
    pass(6min);
    BOOST_TEST(status().found == 0U);
    BOOST_TEST(of_approvals() ==
                   (Strings{found.front(),
                            "Capulet: 0 approvals by policy have ended or would not be given any more"}),
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(apply_revokes_after_the_delay_what_is_nobodys_own, Scene)
{
    const auto begun = now;
    approve_and_change("apply");
    BOOST_TEST(status().found == 2U);
    BOOST_TEST((status().from.value() >= begun + 26h));
    BOOST_TEST((status().from.value() <= now + 24h));
    of(kPeter).name = "Cousin";
    pass(23h + 50min);
    BOOST_TEST(of(kNurse).is_approved());
    BOOST_TEST(status().found == 1U);
    pass(1h + 10min);
    BOOST_TEST(!of(kNurse).is_approved());
    BOOST_TEST(of(kPeter).is_approved());
    BOOST_TEST(revocations() == Strings{"deny " + kNurse + " by policy: confirmed"},
               boost::test_tools::per_element());
    BOOST_TEST(status().found == 0U);
    pass(30h);
    BOOST_TEST(revoked.size() == 1U);
    BOOST_TEST(of(kPeter).is_approved());
}

BOOST_FIXTURE_TEST_CASE(another_setting_or_the_policy_of_before_stops_it_and_the_delay_begins_again, Scene)
{
    approve_and_change("apply");
    for (const std::string& stop :
         {kPrompt + setting("report"), kPrompt + setting("never"), setting("apply")}) {
        pass(23h);
        BOOST_TEST(in_force() == 2U);
        change(stop);
        pass(2h);
        change(kPrompt + setting("apply"));
        pass(6min);
    }
    pass(23h + 50min);
    BOOST_TEST(in_force() == 2U);
    pass(1h + 10min);
    BOOST_TEST(in_force() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_restart_goes_on_and_a_pause_of_hours_begins_again, Scene)
{
    approve_and_change("apply");
    pass(20h);
    begin();
    pass(2h + 40min);
    process.reset();
    pass(1h + 30min);
    begin();
    pass(50min);  // it has waited for long enough, but usherd does not run for an hour yet
    BOOST_TEST(in_force() == 2U);
    pass(1h + 20min);
    BOOST_TEST(in_force() == 0U);

    change(setting("apply"));
    for (const std::string& contact : {kNurse, kPeter}) {
        BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
    }
    change(kPrompt + setting("apply"));
    pass(20h);
    process.reset();
    pass(4h);
    begin();
    pass(23h + 50min);
    BOOST_TEST(in_force() == 2U);
    pass(1h + 20min);
    BOOST_TEST(in_force() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_jumps_begins_again, Scene)
{
    approve_and_change("apply");
    for (const std::chrono::minutes jump : {1'800min, -1'740min, 6min, -6min}) {
        pass(20h);
        process->ahead += jump;
        pass(1h);
    }
    pass(22h + 50min);
    BOOST_TEST(in_force() == 2U);
    pass(2h + 10min);
    BOOST_TEST(in_force() == 0U);
}

BOOST_FIXTURE_TEST_CASE(of_two_processes_one_revokes, Scene)
{
    approve_and_change("apply");
    Process other(*this, ldap);
    pass(26h);
    BOOST_TEST(in_force() == 0U);
    BOOST_TEST(revoked.size() == 2U);
    BOOST_TEST(revocations().size() == 2U);
    pass(2h);
    BOOST_TEST((other.revocation.status("Capulet").value().found == 0U));
}

BOOST_FIXTURE_TEST_CASE(while_the_store_the_stream_or_a_domain_is_away_nothing_is_revoked_and_status_says_it,
                        Scene)
{
    approve_and_change("apply");
    pass(22h);
    test::SqliteFile file(path);
    file.run("ALTER TABLE revocation_wait RENAME TO gone");
    pass(5h);
    BOOST_TEST(in_force() == 2U);
    BOOST_TEST(status().problem.find("The store cannot be written: ") == 0U, status().problem);
    BOOST_TEST(!status().from.has_value());
    BOOST_TEST(status().found == 2U);
    file.run("ALTER TABLE gone RENAME TO revocation_wait");
    pass(2h);
    BOOST_TEST(status().problem == "");
    BOOST_TEST(in_force() == 2U);  // it waits anew
    mute = true;
    pass(1h);
    BOOST_TEST(status().problem.find("Not all were looked at: capulet.lit, because ") == 0U,
               status().problem);
    mute = false;
    lose_stream();
    pass(1s);
    BOOST_TEST(in_force() == 2U);
}

BOOST_FIXTURE_TEST_CASE(while_it_is_not_known_who_is_in_a_group_nothing_is_looked_at, Scene)
{
    const std::string more = kPrompt + setting("apply") +
                             "[[organization.group]]\nname = \"sales\"\nldap = \"(department=Sales)\"\n"
                             "[[organization.rule]]\nfrom = [\"group:sales\"]\nanswer = \"approve\"\n";
    const auto use = [&](const std::optional<Strings>& members) {
        Settings settings =
            parse_settings(test::approvals_file(more) + test::ldap_section(), "usher.toml").value();
        auto known = std::make_shared<GroupMembers>(GroupMembers{settings.ldap, {}});
        if (members) {
            for (const std::string& one : *members) {
                known->groups["(department=Sales)"].push_back(Address::prepare(one).value());
            }
            known->groups["(department=Sales)"];
        }
        put_members(settings, members ? known : nullptr);
        BOOST_REQUIRE(policy->set_file(settings).has_value());
        answerer.set_policy(policy->policy(), policy->settings_version());
        if (process) {
            process->revocation.policy_changed();
        }
    };
    ldap = LdapStatus{.url = "ldap://[::1]", .read = now};
    use(Strings{kNurse, kPeter});
    for (const std::string& contact : {kNurse, kPeter}) {
        BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
    }
    begin();
    pass(2h);
    ldap->read = now;
    use(Strings{kPeter});  // the nurse has left Sales
    pass(6min);
    BOOST_TEST(status().found == 1U);
    BOOST_TEST(status().problem == "");
    const auto refuses = [&](const std::string& problem) {
        pass(1h);
        BOOST_TEST(status().problem == problem);
        BOOST_TEST(!status().from.has_value());
    };
    ldap->problem = "no route";
    refuses("The directory, which says who is in groups, cannot be read.");
    ldap->problem = "";
    ldap->read = now - 3h;
    pass(1h);
    BOOST_TEST(status().problem.find("The directory, which says who is in groups, was last read at ") == 0U);
    ldap->read = now;
    ldap->groups_not_known = {"(department=Sales)"};
    refuses("It is not known who is in the group sales.");
    ldap->groups_not_known.clear();
    ldap.reset();
    refuses("It is not known who is in the group sales.");
    pass(30h);
    BOOST_TEST(in_force() == 2U);
    ldap = LdapStatus{.url = "ldap://[::1]", .read = now};
    use(std::nullopt);
    refuses("It is not known who is in the group sales.");
    use(Strings{kPeter});
    for (int hour = 0; hour < 26; ++hour) {
        ldap->read = now;
        pass(1h);
    }
    BOOST_TEST(!of(kNurse).is_approved());
    BOOST_TEST(of(kPeter).is_approved());
}

// --- Rules whose approvals end

BOOST_FIXTURE_TEST_CASE(an_approval_ends_as_its_rule_said_whatever_the_rules_are_by_then, Scene)
{
    const std::string rule =
        "[[organization.rule]]\nfrom = [\"capulet.lit\"]\nanswer = \"approve\"\nfor = \"5h\"\n";
    change(rule);
    for (const std::string& contact : {kNurse, kPeter}) {
        BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
    }
    const auto given = now;
    const auto listed = list().value().approvals;
    BOOST_REQUIRE(listed.size() == 2U);
    BOOST_TEST((listed.at(0).approval.ends.value() - given <= 5h));
    BOOST_TEST((list({.no_longer = true}).value().approvals.empty()));
    begin();
    pass(90min);
    change("");  // policy would approve them without end today
    BOOST_REQUIRE((ask(kJuliet, "susan@capulet.lit") == Answer::approve));
    of(kPeter).groups = {"Friends"};
    pass(given + 5h - now);
    BOOST_TEST(in_force() == 2U);
    pass(2h + 1min);
    BOOST_TEST(!of(kNurse).is_approved());
    BOOST_TEST(of(kPeter).is_approved());
    pass(10h);
    BOOST_TEST(of("susan@capulet.lit").is_approved());
    BOOST_TEST(revocations() == Strings{"deny " + kNurse + " by policy: confirmed"},
               boost::test_tools::per_element());
    BOOST_REQUIRE((ask(kJuliet, kNurse) == Answer::approve));  // she may ask again
}

BOOST_FIXTURE_TEST_CASE(whoever_is_behind_very_many_others_is_found, Scene)
{
    BOOST_REQUIRE((ask(kJuliet, kPeter) == Answer::approve));
    BOOST_REQUIRE((ask(kJuliet, kNurse) == Answer::approve));
    const auto nurses = list().value().approvals.at(0);
    BOOST_REQUIRE(nurses.approval.pair.contact.text() == kNurse);
    test::copy_record(*database, nurses.approval.record, static_cast<std::int64_t>(PolicyApprovals::kMax));
    // More than are listed at once have been made users' own; the others are in no roster any more.
    for (std::size_t i = 1; i <= ApprovalsInForce::kMax + 1; ++i) {
        of("c" + std::to_string(i) + "@capulet.lit").subscription = Subscription::both;
    }
    put_in_force(kPrompt + setting("report"));
    begin();
    clock.advance(AutomaticRevocation::kSoon);
    for (int page = 0; page < 2'000 && !process->revocation.status("Capulet"); ++page) {
        serve();
        clock.advance(0ms);
    }
    BOOST_TEST(status().found == 2U);
    BOOST_TEST(!status().more);
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_is_ahead_ends_nothing_before_a_day_has_passed, Scene)
{
    change("[[organization.rule]]\nfrom = [\"capulet.lit\"]\nanswer = \"approve\"\nfor = \"90d\"\n");
    for (const std::string& contact : {kNurse, kPeter}) {
        BOOST_REQUIRE((ask(kJuliet, contact) == Answer::approve));
    }
    begin();
    pass(2h);
    begin(24h * 365);  // the machine has come up in another year
    pass(20h);
    BOOST_TEST(status().found == 2U);
    BOOST_TEST(in_force() == 2U);
    process->ahead = {};
    pass(40h);
    BOOST_TEST(status().found == 0U);
    BOOST_TEST(in_force() == 2U);
}

// --- Against a model: whatever happens, nothing is revoked before its time or twice or unrecorded; and all of it is in the end.

BOOST_AUTO_TEST_CASE(in_random_weeks_nothing_is_revoked_before_its_time)
{
    std::size_t revocations_made = 0;
    for (unsigned seed = 1; seed <= 2; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&random](int end) {
            return std::uniform_int_distribution<int>(0, end - 1)(random);
        };
        Scene scene;
        test::SqliteFile file(scene.path);
        std::vector<std::unique_ptr<Process>> processes;
        std::map<ApprovalsScene::Pair, system_clock::time_point> since;  // since when each is to be revoked
        std::size_t checked = 0;
        bool gives = true;
        std::string value = "apply";
        bool is_table_there = true;
        const auto contact = [](int number) { return "n" + std::to_string(number) + "@capulet.lit"; };
        const auto put = [&] {
            scene.put_in_force((gives ? std::string() : kPrompt) + setting(value));
            for (const auto& process : processes) {
                process->revocation.policy_changed();
            }
            for (const auto& [pair, entry] : scene.roster) {
                if (gives || value != "apply" || !entry.is_approved()) {
                    since.erase(pair);
                } else {
                    since.try_emplace(pair, scene.now);
                }
            }
        };
        const auto pass = [&](std::chrono::minutes time) {
            scene.pass(time);
            for (; checked < scene.revoked.size(); ++checked) {
                const auto begun = since.find(scene.revoked[checked]);
                BOOST_REQUIRE_MESSAGE(begun != since.end(),
                                      "seed " << seed << ": revoked twice, or never to be");
                BOOST_REQUIRE_MESSAGE(
                    scene.now - begun->second >= 24h,
                    "seed "
                        << seed << ": revoked after "
                        << std::chrono::duration_cast<std::chrono::minutes>(scene.now - begun->second).count()
                        << " minutes");
                since.erase(begun);
                ++revocations_made;
            }
        };
        const auto start = [&](system_clock::duration ahead) {
            processes.push_back(std::make_unique<Process>(scene, scene.ldap, ahead));
        };
        put();
        start({});
        for (int step = 0; step < 40; ++step) {
            switch (below(10)) {
                case 0:
                case 1:
                    for (int i = 0; i < 3 && gives; ++i) {
                        scene.ask(kJuliet, contact(below(6)));
                    }
                    break;
                case 2:
                case 3:
                    gives = !gives;
                    put();
                    break;
                case 4:
                    value = below(3) == 0 ? "report" : "apply";
                    put();
                    break;
                case 5:
                    file.run(is_table_there ? "ALTER TABLE revocation_wait RENAME TO gone"
                                            : "ALTER TABLE gone RENAME TO revocation_wait");
                    is_table_there = !is_table_there;
                    break;
                case 6:  // away, and perhaps with another clock from the start
                    processes.clear();
                    pass(std::chrono::minutes(below(2) == 0 ? 1 : 250));
                    start(below(3) == 0 ? 24h * 40 : 0h);
                    break;
                case 7:
                    if (processes.size() == 1) {
                        start({});
                    }
                    break;
                case 8: {
                    const std::chrono::hours jumps[] = {4h, -4h, 30h, 24h * 400};
                    processes[0]->ahead += jumps[below(4)];
                    pass(65min);
                    if (below(2) == 0) {
                        processes[0]->ahead = {};
                    }
                    break;
                }
                default:
                    pass(std::chrono::hours(26));
            }
            pass(std::chrono::minutes(below(600)));
        }
        if (!is_table_there) {
            file.run("ALTER TABLE gone RENAME TO revocation_wait");
        }
        gives = false;
        value = "apply";
        put();
        processes.clear();
        start({});
        pass(53h);
        BOOST_TEST(since.empty(), "seed " << seed);
        const Strings all = scene.revocations();
        BOOST_TEST(all.size() == scene.revoked.size());
        BOOST_TEST(std::all_of(all.begin(), all.end(), [](const std::string& one) {
            return one.ends_with(" by policy: confirmed");
        }));
    }
    BOOST_TEST(revocations_made > 10U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
