// Accounts get what their organisation wants for their archives, at a pace, and keep what they have chosen themselves; with a
// server that is played, and what one usherd leaves in the store for another.
#include "plugin/archive/archive_keeper.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connector.h"
#include "logged_lines.h"
#include "private_store.h"

using namespace std::chrono_literals;

namespace usher
{

namespace
{

using enum Archiving;
using Strings = std::vector<std::string>;

const ArchiveWish kServer{};
const ArchiveWish kNever{never, false};
const ArchiveWish kRoster{roster, false};
const ArchiveWish kNeverLocked{never, true};

struct Preferences {
    std::string preference = {};  ///< empty: none
    bool locked = false;
};
std::string mark_of(const Preferences& has)
{
    return has.preference + (has.locked ? "/locked" : "/open");
}
/// By address.
using Accounts = std::map<std::string, Preferences>;

std::string archive(const std::string& persons)
{
    return "<archive xmlns='urn:xmpp:subscription-requests:0#archive' server-default='always'>" + persons +
           "</archive>";
}

/// An attribute of what is in the IQ.
std::string of_archive(const std::string& iq, const char* name)
{
    const test::Literal literal(iq);
    return std::string(literal.stanza().first().attribute(name));
}

const std::string kNotGranted =
    "its server gives usherd no permission for archiving preferences, or has no connector: \"usherctl check\" says "
    "what to do";

/// One usherd, on a store that others may have too.
struct Instance : test::Connector {
    Instance(Database& database, Accounts& accounts_used)
        : accounts(accounts_used),
          keeper(
              clock, iqs, database, [this](const std::string&) { return known; },
              [this] { return wall_clock(); }, [] { return 0.5; })
    {
    }

    [[nodiscard]] std::chrono::system_clock::time_point wall_clock() const
    {
        return std::chrono::system_clock::time_point(1'795'428'000s) +  // 2026-11-23 10:00:00 UTC
               std::chrono::duration_cast<std::chrono::system_clock::duration>(clock.now() - begun);
    }
    void want(const ArchiveWish& wish) { keeper.set_wishes({{"capulet.lit", wish}}); }
    void offer()
    {
        Advertisement granted;
        granted.archive = true;
        keeper.protocol_part().advertised("capulet.lit", granted);
    }
    void lose_stream()
    {
        iqs.give_up();
        sent.clear();
        keeper.protocol_part().stream_lost();
    }
    void hint(const Strings& changed)
    {
        std::string persons;
        for (const std::string& one : changed) {
            persons += test::person(one);
        }
        const test::Literal literal(
            "<message from='capulet.lit'><changed xmlns='urn:xmpp:subscription-requests:0#archive'>" +
            persons + "</changed></message>");
        keeper.protocol_part().received_message("capulet.lit", literal.stanza());
    }

    // The server

    [[nodiscard]] std::string person(const std::string& address) const
    {
        const auto found = accounts.find(address);
        if (found == accounts.end()) {
            return "";
        }
        const Preferences& has = found->second;
        return "<person jid='" + address + "'" +
               (has.preference.empty() ? "" : " default='" + has.preference + "'") +
               (has.locked ? " lock='true'" : "") + (marks ? " mark='" + mark_of(has) + "'" : "") + "/>";
    }
    [[nodiscard]] static bool sets(const std::string& question)
    {
        return question.find("<iq type='set'") == 0;
    }
    [[nodiscard]] static bool lists(const std::string& question)
    {
        return question.find("<max>") != std::string::npos;
    }
    /// Answers one question as the server does.
    void serve(const std::string& question)
    {
        if (sets(question)) {
            const std::string user = of_archive(question, "user");
            tried.push_back(user);
            if (before_set) {
                std::exchange(before_set, {})();
            }
            const std::string mark = of_archive(question, "mark");
            if (refusal &&
                (refused.empty() || (refused_begins ? user.starts_with(refused) : refused == user))) {
                refuse(question, *refusal);
            } else if (const auto account = accounts.find(user); account == accounts.end()) {
                refuse(question, "item-not-found");
            } else if (!mark.empty() && mark != mark_of(account->second)) {
                refuse(question, "conflict");
            } else {
                account->second = {of_archive(question, "default"),
                                   question.find("lock='true'") != std::string::npos};
                set.push_back(user + " " + account->second.preference +
                              (account->second.locked ? " locked" : ""));
                reply(question, "");
            }
            return;
        }
        std::string persons;
        if (!lists(question)) {
            if (!has_archive) {
                refuse(question, "feature-not-implemented");
                return;
            }
            if (!unreadable.empty() && question.find(unreadable) != std::string::npos) {
                refuse(question, "internal-server-error");
                return;
            }
            for (auto at = question.find("jid='"); at != std::string::npos;
                 at = question.find("jid='", at + 1)) {
                const auto begin = at + 5;
                persons += person(question.substr(begin, question.find('\'', begin) - begin));
            }
        } else {
            constexpr std::string_view kAfter = "<after>";
            const auto after = question.find(kAfter);
            const std::string last = after == std::string::npos
                                         ? ""
                                         : question.substr(after + kAfter.size(),
                                                           question.find("</after>") - after - kAfter.size());
            ++pages;
            if (!can_list || !has_archive) {
                refuse(question, "feature-not-implemented");
                return;
            }
            auto next = accounts.upper_bound(last);
            for (int i = 0; i < 100 && next != accounts.end(); ++i, ++next) {
                persons += person(next->first);
            }
        }
        reply(question, archive(persons));
    }
    /// Lets the server answer, without time passing, until nothing is asked any more.
    void serve_all()
    {
        for (clock.advance(0ms); !sent.empty(); clock.advance(0ms)) {
            serve(take());
        }
    }
    /// Lets time pass until nothing is to be done.
    void settle(std::chrono::seconds most = 20s)
    {
        serve_all();
        for (auto waited = 0s; waited < most; ++waited) {
            clock.advance(1s);
            serve_all();
        }
    }

    void await_night()
    {
        while (sent.empty()) {
            clock.advance(1min);
        }
    }

    /// Set, own, waiting, unknown, impossible.
    void expect(const AccountStates::Counts& counts) const
    {
        BOOST_TEST(keeper.status("capulet.lit").value().accounts == counts, boost::test_tools::per_element());
    }
    void expect_set(Strings expected)
    {
        std::sort(set.begin(), set.end());
        BOOST_TEST(set == expected, boost::test_tools::per_element());
        set.clear();
    }
    [[nodiscard]] bool known_only() const { return keeper.status("capulet.lit").value().known_only; }
    [[nodiscard]] std::string problem() const { return keeper.status("capulet.lit").value().problem; }

    Accounts& accounts;
    Strings set;    ///< in the order in which the server was asked for it
    Strings tried;  ///< for whom it was asked to set something
    std::optional<std::string> refusal;
    std::string refused;               ///< for whom; empty: for everybody
    bool refused_begins = false;       ///< for all whose addresses begin so
    std::string unreadable;            ///< who cannot be read, but in a list
    bool marks = true;                 ///< of what has been read (PROTOCOL.md S132)
    std::function<void()> before_set;  ///< the next one
    bool can_list = true;
    bool has_archive = true;
    Strings known;  ///< to usherd, without a list
    int pages = 0;  ///< of lists that were read
    const Clock::Time begun = clock.now();
    ArchiveKeeper keeper;
};

struct World {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    Accounts accounts{
        {"juliet@capulet.lit", {}}, {"nurse@capulet.lit", {"always"}}, {"tybalt@capulet.lit", {}}};
};

struct Scene : World, Instance {
    Scene() : Instance(*database, World::accounts) {}
    using Instance::accounts;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(archive_keeper, Scene)

BOOST_AUTO_TEST_CASE(where_nothing_is_wanted_nothing_is_asked)
{
    want(kServer);
    offer();
    hint({"juliet@capulet.lit"});
    hint({});
    clock.advance(48h);
    BOOST_TEST(sent.empty());
    BOOST_TEST(!keeper.status("capulet.lit").has_value());
    want(kNever);
    lose_stream();
    clock.advance(48h);
    BOOST_TEST(sent.empty());  // it is not offered
    BOOST_TEST(problem() == kNotGranted);
}

BOOST_AUTO_TEST_CASE(whoever_has_no_preference_is_given_one_and_others_keep_theirs)
{
    want(kNever);
    offer();
    serve_all();
    expect_set({"juliet@capulet.lit never", "tybalt@capulet.lit never"});
    expect({2, 1, 0, 0, 0});
    BOOST_TEST((keeper.status("capulet.lit")->server_default == always));
    BOOST_TEST(accounts["nurse@capulet.lit"].preference == "always");
    settle();
    expect_set({});
}

BOOST_AUTO_TEST_CASE(no_more_than_twenty_are_set_in_a_second)
{
    for (int i = 0; i < 120; ++i) {
        accounts["user" + std::to_string(100 + i) + "@capulet.lit"] = {};
    }
    want(kNever);
    offer();
    serve_all();
    BOOST_TEST(set.size() == 20U);
    expect({20, 1, 102, 0, 0});
    clock.advance(999ms);
    serve_all();
    BOOST_TEST(set.size() == 20U);
    clock.advance(1ms);
    serve_all();
    BOOST_TEST(set.size() == 40U);
    settle();
    BOOST_TEST(set.size() == 122U);
    expect({122, 1, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(a_new_user_is_given_it_and_who_changes_it_keeps_that)
{
    want(kNever);
    offer();
    settle();
    set.clear();
    accounts["paris@capulet.lit"] = {};
    accounts["juliet@capulet.lit"].preference = "roster";
    hint({"paris@capulet.lit", "juliet@capulet.lit", "nobody@capulet.lit"});
    settle();
    expect_set({"paris@capulet.lit never"});
    expect({2, 2, 0, 0, 0});

    want({always, false});  // what the nurse has already, by herself
    settle();
    expect_set({"paris@capulet.lit always", "tybalt@capulet.lit always"});
    expect({2, 2, 0, 0, 0});
}

// Who has changed it once has made it theirs, also with what the organisation had before.
BOOST_AUTO_TEST_CASE(a_change_is_remembered_when_it_was_taken_back)
{
    want(kNever);
    offer();
    settle(180s);
    set.clear();
    accounts["juliet@capulet.lit"].preference = "roster";
    hint({"juliet@capulet.lit"});
    settle();
    accounts["juliet@capulet.lit"].preference = "never";
    hint({"juliet@capulet.lit"});
    settle();
    want(kRoster);
    settle();
    expect_set({"tybalt@capulet.lit roster"});
    BOOST_TEST(accounts["juliet@capulet.lit"].preference == "never");
}

BOOST_AUTO_TEST_CASE(a_lock_is_for_everybody_and_goes_with_the_wish)
{
    want(kNeverLocked);
    offer();
    settle();
    expect_set({"juliet@capulet.lit never locked", "nurse@capulet.lit never locked",
                "tybalt@capulet.lit never locked"});
    expect({3, 0, 0, 0, 0});
    want(kServer);
    settle();
    expect_set({"juliet@capulet.lit never", "nurse@capulet.lit never", "tybalt@capulet.lit never"});
    lose_stream();
    offer();
    settle();
    BOOST_TEST(sent.empty());
    expect_set({});
    want(kRoster);  // they still are from usherd
    settle();
    BOOST_TEST(set.size() == 3U);
}

// Who is in a list for the one wish and not yet in the one for the other is not gone.
BOOST_AUTO_TEST_CASE(locks_are_taken_away_where_the_wish_changes_while_a_list_is_read)
{
    want(kNeverLocked);
    offer();
    settle();
    set.clear();
    await_night();  // the list has been asked for
    want(kServer);
    settle();
    expect_set({"juliet@capulet.lit never", "nurse@capulet.lit never", "tybalt@capulet.lit never"});
}

BOOST_AUTO_TEST_CASE(locks_are_taken_away_after_a_restart_too)
{
    want(kNeverLocked);
    offer();
    settle();
    Instance later(*database, accounts);
    later.want(kServer);
    later.offer();
    later.settle();
    BOOST_TEST(later.set.size() == 3U);
    BOOST_TEST(!accounts["juliet@capulet.lit"].locked);
    BOOST_TEST(accounts["juliet@capulet.lit"].preference == "never");
}

BOOST_AUTO_TEST_CASE(another_usherd_knows_what_this_one_has_set)
{
    want(kNever);
    offer();
    settle();
    Instance other(*database, accounts);
    other.want(kNever);
    other.offer();
    other.settle();
    other.expect_set({});
    other.expect({2, 1, 0, 0, 0});
    other.want(kRoster);
    other.settle();
    other.expect_set({"juliet@capulet.lit roster", "tybalt@capulet.lit roster"});
}

BOOST_AUTO_TEST_CASE(what_was_set_when_the_reply_was_lost_is_known)
{
    want(kNever);
    offer();
    while (sent.empty() || !sets(sent.front())) {
        clock.advance(0ms);
        serve(take());
        clock.advance(0ms);
    }
    accounts["juliet@capulet.lit"].preference = "never";  // it gets there, the reply does not come back
    lose_stream();
    offer();
    settle();
    expect_set({"tybalt@capulet.lit never"});
    expect({2, 1, 0, 0, 0});
    want(kRoster);
    settle();
    expect_set({"juliet@capulet.lit roster", "tybalt@capulet.lit roster"});
}

BOOST_AUTO_TEST_CASE(a_list_that_fails_half_way_makes_nobody_gone)
{
    for (int i = 0; i < 150; ++i) {
        accounts["user" + std::to_string(100 + i) + "@capulet.lit"] = {"never"};
    }
    want(kNever);
    offer();
    serve(take());
    clock.advance(0ms);
    refuse(take(), "internal-server-error");
    clock.advance(0ms);
    BOOST_TEST(problem() == "its server refuses (internal-server-error)");
    store->run(
        "INSERT INTO archive_default VALUES ('capulet.lit', 'user200@capulet.lit', 'never', '', 0, 0)");
    while (!sent.empty()) {  // those of the first page, who are asked about once more
        serve(take());
        clock.advance(0ms);
    }
    BOOST_TEST(store->number(
                   "SELECT COUNT(*) FROM archive_default WHERE user_address = 'user200@capulet.lit'") == 1);
    clock.advance(10min);
    settle();
    BOOST_TEST(problem() == "");
    expect({3, 150, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(nothing_is_set_while_the_store_cannot_be_read)
{
    want(kNever);
    store->run("ALTER TABLE archive_default RENAME TO gone");
    offer();
    settle();
    expect_set({});
    BOOST_TEST(problem() == "the store cannot be read: " + store->no_table("archive_default"));
    store->run("ALTER TABLE gone RENAME TO archive_default");
    clock.advance(10min);
    settle();
    expect_set({"juliet@capulet.lit never", "tybalt@capulet.lit never"});
    BOOST_TEST(problem() == "");
}

BOOST_AUTO_TEST_CASE(what_the_server_refuses_is_not_known)
{
    const test::LoggedLines warnings(spdlog::level::warn);
    want(kNever);
    refusal = "resource-constraint";
    offer();
    settle();
    expect({0, 1, 0, 2, 0});
    BOOST_TEST(problem() == "its server refuses (resource-constraint)");
    BOOST_TEST(
        warnings.lines() == Strings{"capulet.lit: archiving preferences cannot be set: its server refuses "
                                    "(resource-constraint); tried again later"},
        boost::test_tools::per_element());
    refusal = "feature-not-implemented";
    clock.advance(10min);
    settle();
    expect({0, 1, 0, 0, 2});
    refusal.reset();
    await_night();
    settle();
    expect({2, 1, 0, 0, 0});
}

// Also with what the organisation wanted: from then on it is theirs.
BOOST_DATA_TEST_CASE(E48_what_users_change_before_it_is_set_stays,
                     boost::unit_test::data::make({"roster", "never"}), chosen)
{
    want(kNever);
    offer();
    before_set = [&] {
        accounts["tybalt@capulet.lit"].preference = accounts["juliet@capulet.lit"].preference = chosen;
    };
    settle();
    expect_set({});
    expect({0, 3, 0, 0, 0});
    BOOST_TEST(problem() == "");
    want({always, false});
    settle();
    expect_set({});
    BOOST_TEST(accounts["juliet@capulet.lit"].preference == chosen);
}

BOOST_AUTO_TEST_CASE(E48_what_somebody_else_changes_is_decided_anew)
{
    want(kNeverLocked);
    offer();
    before_set = [&] {
        for (auto& [address, has] : accounts) {
            has.preference = "roster";
        }
    };
    settle();
    BOOST_TEST(tried.size() == 6U);
    expect_set({"juliet@capulet.lit never locked", "nurse@capulet.lit never locked",
                "tybalt@capulet.lit never locked"});
    expect({3, 0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(who_changes_all_the_time_is_not_asked_all_the_time)
{
    want(kNever);
    offer();
    refusal = "conflict";
    settle(60s);
    BOOST_TEST(tried.size() == 4U);  // two accounts, each twice
    refusal.reset();
    clock.advance(10min);
    settle();
    expect_set({"juliet@capulet.lit never", "tybalt@capulet.lit never"});
}

BOOST_AUTO_TEST_CASE(an_older_connector_gives_no_marks)
{
    marks = false;
    want(kNever);
    offer();
    settle();
    expect_set({"juliet@capulet.lit never", "tybalt@capulet.lit never"});
}

BOOST_AUTO_TEST_CASE(an_account_that_cannot_be_set_is_tried_again_alone_and_ever_more_seldom)
{
    const std::string kJulietFailed =
        "the archiving preference of juliet@capulet.lit could not be set: its server refuses (resource-constraint)";
    const test::LoggedLines warnings(spdlog::level::warn);
    want(kNever);
    offer();
    refusal = "resource-constraint";
    refused = "juliet@capulet.lit";
    settle();
    expect_set({"tybalt@capulet.lit never"});
    expect({1, 1, 0, 1, 0});
    const int listed = pages;
    BOOST_TEST(tried.size() == 2U);
    for (const auto wait : {10min, 20min, 40min}) {
        tried.clear();
        clock.advance(wait - 1min);
        serve_all();
        BOOST_TEST(tried.empty());
        settle(60s);
        BOOST_TEST(tried == Strings{"juliet@capulet.lit"}, boost::test_tools::per_element());
        BOOST_TEST(problem() == kJulietFailed);
    }
    BOOST_TEST(warnings.lines() == Strings{"capulet.lit: " + kJulietFailed + "; tried again later"},
               boost::test_tools::per_element());
    BOOST_TEST(pages == listed);
    refusal.reset();
    clock.advance(80min);
    settle();
    expect_set({"juliet@capulet.lit never"});
    expect({2, 1, 0, 0, 0});
    BOOST_TEST(problem() == "");
    BOOST_TEST(pages == listed);
}

BOOST_AUTO_TEST_CASE(an_account_that_cannot_be_read_keeps_nobody_else_from_being_set)
{
    for (int i = 0; i < 50; ++i) {
        accounts["user" + std::to_string(100 + i) + "@capulet.lit"] = {};
    }
    unreadable = "user140@capulet.lit";
    const test::LoggedLines warnings(spdlog::level::warn);
    want(kNever);
    offer();
    settle();
    BOOST_TEST(
        warnings.lines() ==
            Strings{"capulet.lit: the archiving preference of user140@capulet.lit could not be read: its "
                    "server refuses (internal-server-error); tried again later"},
        boost::test_tools::per_element());
    BOOST_TEST(set.size() == 51U);
    expect({51, 1, 0, 1, 0});
    const int listed = pages;
    unreadable.clear();
    clock.advance(10min);
    settle();
    expect({52, 1, 0, 0, 0});
    BOOST_TEST(pages == listed);
}

BOOST_AUTO_TEST_CASE(of_many_accounts_that_fail_alone_a_few_are_named_and_the_others_added_up)
{
    for (int i = 0; i < 40; ++i) {
        accounts["benvolio" + std::to_string(100 + i) + "@capulet.lit"] = {};
    }
    refused = "benvolio";
    refused_begins = true;
    refusal = "internal-server-error";
    const test::LoggedLines warnings(spdlog::level::warn);
    want(kNever);
    offer();
    settle();
    const Strings lines = warnings.lines();
    BOOST_TEST_REQUIRE(!lines.empty());
    BOOST_TEST(lines.size() == 11U);
    BOOST_TEST(lines.back() ==
               "capulet.lit: archiving preferences: 30 more could not be read or set; tried again later");
    settle(2'000s);  // and are tried again
    BOOST_TEST(tried.size() > 100U);
    BOOST_TEST(warnings.lines().size() == 11U);
    refusal.reset();
    settle(3'000s);
    expect({42, 1, 0, 0, 0});
    BOOST_TEST(problem() == "");
}

BOOST_AUTO_TEST_CASE(a_server_that_reads_nobody_is_not_asked_about_each)
{
    for (int i = 0; i < 500; ++i) {
        accounts["user" + std::to_string(100 + i) + "@capulet.lit"] = {};
    }
    unreadable = "@";
    const test::LoggedLines warnings(spdlog::level::warn);
    want(kNever);
    offer();
    int asked = 0;
    for (clock.advance(0ms); !sent.empty(); clock.advance(0ms)) {
        asked += lists(sent.front()) ? 0 : 1;
        serve(take());
    }
    BOOST_TEST(asked == 21);  // some of them together, and each of these
    BOOST_TEST(
        warnings.lines() == Strings{"capulet.lit: archiving preferences cannot be set: its server refuses "
                                    "(internal-server-error); tried again in 10 minutes"},
        boost::test_tools::per_element());
    const int listed = pages;
    unreadable.clear();
    clock.advance(10min);
    settle(30s);
    BOOST_TEST(pages == 2 * listed);
    expect({502, 1, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(E49_where_accounts_cannot_be_listed_it_is_set_for_those_who_are_known)
{
    can_list = false;
    known = {"Not Prepared@capulet.lit", "juliet@capulet.lit", "nurse@capulet.lit", "nobody@capulet.lit"};
    want(kNever);
    offer();
    settle();
    expect_set({"juliet@capulet.lit never"});
    expect({1, 1, 0, 0, 0});
    BOOST_TEST(known_only());
    BOOST_TEST(problem() == "");
    hint({"tybalt@capulet.lit"});  // whoever logs in, or is new
    settle();
    expect_set({"tybalt@capulet.lit never"});
    BOOST_TEST(known_only());
    BOOST_TEST(problem() == "");
    const int listed = pages;
    clock.advance(60min);
    BOOST_TEST(sent.empty());
    BOOST_TEST(pages == listed);
    can_list = true;
    await_night();
    settle();
    expect({2, 1, 0, 0, 0});
    BOOST_TEST(problem() == "");
    BOOST_TEST(!known_only());
}

BOOST_AUTO_TEST_CASE(E49_people_who_are_not_known_yet_are_waited_for)
{
    can_list = false;
    want(kNever);
    offer();
    settle();
    expect_set({});
    BOOST_TEST(known_only());
    BOOST_TEST(problem() == "");
    known = {"juliet@capulet.lit"};
    clock.advance(10min);
    settle();
    expect_set({"juliet@capulet.lit never"});
}

BOOST_AUTO_TEST_CASE(E49_a_server_without_an_archive_is_told_from_that)
{
    has_archive = false;
    for (const Strings& people : {Strings{}, Strings{"juliet@capulet.lit"}}) {
        known = people;
        lose_stream();
        want(kNever);
        offer();
        settle();
        BOOST_TEST(problem() == "its server has no message archive there: enable mod_mam");
        clock.advance(60min);
        BOOST_TEST(sent.empty());
    }
    expect_set({});
}

BOOST_AUTO_TEST_CASE(locks_of_a_domain_that_is_removed_are_taken_away)
{
    want(kNeverLocked);
    offer();
    settle();
    set.clear();
    keeper.set_wishes({});
    settle();
    expect_set({"juliet@capulet.lit never", "nurse@capulet.lit never", "tybalt@capulet.lit never"});
    BOOST_TEST(!keeper.status("capulet.lit").has_value());
}

BOOST_AUTO_TEST_CASE(a_large_domain_is_listed_once)
{
    for (int i = 0; i < 10'200; ++i) {
        accounts["user" + std::to_string(10'000 + i) + "@capulet.lit"] = {};
    }
    want(kNever);
    offer();
    serve_all();
    expect({20, 1, 10'182, 0, 0});
    for (auto& [address, has] : accounts) {  // so that nobody else has to be set, which takes its time
        has.preference = has.preference.empty() ? "roster" : has.preference;
    }
    settle(2s);
    expect({20, 10'183, 0, 0, 0});
    BOOST_TEST(pages == 104);
}

BOOST_AUTO_TEST_CASE(who_is_gone_is_forgotten)
{
    want(kNever);
    offer();
    settle();
    accounts.erase("tybalt@capulet.lit");
    await_night();
    settle();
    expect({1, 1, 0, 0, 0});
    BOOST_TEST(store->column("SELECT user_address FROM archive_default") == Strings{"juliet@capulet.lit"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_account_can_be_looked_up)
{
    want(kNever);
    std::optional<tl::expected<std::optional<AccountArchive>, std::string>> found;
    const auto look_up = [&](const std::string& account) {
        found.reset();
        keeper.look_up(Address::prepare(account).value(), [&found](auto given) { found = std::move(given); });
        serve_all();
        BOOST_REQUIRE(found.has_value());
    };
    look_up("juliet@capulet.lit");
    BOOST_TEST(found->error() == kNotGranted);
    offer();
    settle();
    look_up("juliet@capulet.lit");
    BOOST_TEST((**found == AccountArchive{ArchiveState::set, never, false, kNever}));
    look_up("nurse@capulet.lit");
    BOOST_TEST((**found == AccountArchive{ArchiveState::own, always, false, kNever}));
    look_up("nobody@capulet.lit");
    BOOST_TEST(!(*found)->has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
