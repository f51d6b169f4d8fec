// Whose last word the journal has. On both databases.
#include "plugin/core/policy_approvals.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "copied_records.h"
#include "core_now.h"
#include "plugin/settings/reader.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using std::chrono::minutes;
using std::chrono::system_clock;

constexpr const char* kJuliet = "juliet@capulet.lit";
constexpr const char* kNurse = "nurse@capulet.lit";

Settings settings(const std::string& more)
{
    return parse_settings(R"([connection]
component = "usher.capulet.lit"
secret_file = "/etc/usher/secret"
[[organization]]
name = "Capulet"
domains = ["capulet.lit", "capulet.example"]
)" + more,
                          "usher.toml")
        .value();
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::JournalNow journal{*database};
    std::unique_ptr<test::PolicyNow> policy =
        test::PolicyNow::make(settings(""), *database, [this] { return at; }).value();
    system_clock::time_point at =
        std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);
    std::vector<JournalEntry> last;

    /// A minute later than the one before.
    std::int64_t record(Answer answer, Reason reason, const std::string& contact = kNurse,
                        const std::string& user = kJuliet, Covers covers = Covers::request)
    {
        at += minutes(1);
        return record_now(answer, reason, contact, user, covers);
    }
    std::int64_t record_now(Answer answer, Reason reason, const std::string& contact = kNurse,
                            const std::string& user = kJuliet, Covers covers = Covers::request)
    {
        last = {{.record = {.id = journal.next_id(at),
                            .at = at,
                            .source = source,
                            .organization = "Capulet",
                            .request = {Party::as_written(user), Party::as_written(contact), item},
                            .facts = {},
                            .decision = {answer, reason, reason == Reason::rule ? 3U : 0U},
                            .generation = policy->policy()->generation(),
                            .covers = covers}}};
        BOOST_REQUIRE(journal.record(last).has_value());
        return last[0].record.id;
    }
    void repeat(std::int64_t id)
    {
        at += minutes(1);
        JournalEntry again = last.at(0);
        again.record.id = id;
        again.record.at = at;
        again.repeat = true;
        BOOST_REQUIRE(journal.record({&again, 1}).has_value());
        BOOST_REQUIRE(again.repeat);
    }
    void settle(std::int64_t id, Outcome outcome)
    {
        const RecordedOutcome settled{id, outcome, ""};
        BOOST_REQUIRE(journal.settle({&settled, 1}).has_value());
    }
    void put_in_force(const std::string& more)
    {
        BOOST_REQUIRE(policy->set_file(settings(more)).has_value());
    }

    std::vector<PolicyApproval> found(const ApprovalFilter& filter = {})
    {
        const auto approvals = policy_approvals(store->url(), {filter, {{"capulet.lit", "capulet.example"}}});
        BOOST_REQUIRE_MESSAGE(approvals.has_value(), (approvals ? "" : approvals.error()));
        BOOST_TEST(!approvals->more_before.has_value());
        return approvals->approvals;
    }
    /// `nurse@capulet.lit?`, with a mark for those of which it is not certain.
    std::vector<std::string> contacts(const ApprovalFilter& filter = {})
    {
        std::vector<std::string> all;
        for (const PolicyApproval& one : found(filter)) {
            all.push_back(one.pair.contact.text() + (one.last_word ? "" : "?"));
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    std::optional<RosterItem> item;
    Source source = Source::asked;
};

using Strings = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(policy_approvals_in_the_journal, Store)

BOOST_AUTO_TEST_CASE(the_newest_record_of_a_pair_counts)
{
    BOOST_TEST(found().empty());
    record(Answer::leave, Reason::prompt);
    const auto id = record(Answer::approve, Reason::in_organization);
    record(Answer::approve, Reason::by_hand, "peter@capulet.lit");
    record(Answer::approve, Reason::rule, "tybalt@capulet.example");
    record(Answer::deny, Reason::rule, "tybalt@capulet.example");
    record(Answer::approve, Reason::rule, "paris@verona.lit");
    record(Answer::leave, Reason::prompt, "paris@verona.lit");
    record(Answer::approve, Reason::rule, "paris@verona.lit", "romeo@montague.lit");  // none of theirs
    const auto approvals = found();
    BOOST_REQUIRE(approvals.size() == 1U);
    BOOST_TEST(approvals[0].record == id);
    BOOST_TEST(approvals[0].pair.user.text() == kJuliet);
    BOOST_TEST(approvals[0].pair.contact.text() == kNurse);
    BOOST_TEST(approvals[0].reason == Reason::in_organization);
    BOOST_TEST(approvals[0].organization == "Capulet");
    BOOST_TEST(approvals[0].last_word);
    BOOST_TEST((approvals[0].at < at));
}

BOOST_AUTO_TEST_CASE(what_the_server_has_refused_says_nothing)
{
    record(Answer::approve, Reason::in_organization);
    settle(record(Answer::deny, Reason::rule), Outcome::refused);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
    settle(record(Answer::approve, Reason::rule, "paris@verona.lit"), Outcome::refused);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_revocation_counts_when_it_is_confirmed)
{
    record(Answer::approve, Reason::in_organization);
    const auto unknown = record(Answer::deny, Reason::revoked);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
    settle(unknown, Outcome::refused);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
    settle(record(Answer::deny, Reason::revoked), Outcome::confirmed);
    BOOST_TEST(contacts().empty());
    record(Answer::approve, Reason::in_organization);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_older_record_that_was_repeated_later_takes_the_certainty)
{
    const auto left = record(Answer::leave, Reason::prompt);
    record(Answer::approve, Reason::in_organization);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
    repeat(left);
    BOOST_TEST(contacts() == Strings{std::string(kNurse) + "?"}, boost::test_tools::per_element());
    const auto approved = record(Answer::approve, Reason::in_organization, "peter@capulet.lit");
    record(Answer::leave, Reason::prompt, "peter@capulet.lit");
    repeat(approved);
    BOOST_TEST(contacts() == Strings{std::string(kNurse) + "?"}, boost::test_tools::per_element());
}

// Whose request is only counted in a record of many, the user may have approved it.
BOOST_AUTO_TEST_CASE(requests_that_are_only_counted_take_the_certainty_of_what_is_older)
{
    record(Answer::approve, Reason::rule, "paris@verona.lit");
    record(Answer::approve, Reason::in_organization);
    record(Answer::deny, Reason::rule, "mercutio@verona.lit", kJuliet, Covers::domain);
    BOOST_TEST((contacts() == Strings{kNurse, "paris@verona.lit"}));
    const auto counted =
        record(Answer::leave, Reason::prompt, "mercutio@verona.lit", kJuliet, Covers::domain);
    BOOST_TEST((contacts() == Strings{kNurse, "paris@verona.lit?"}));
    BOOST_TEST((contacts({.contact = Address::prepare("paris@verona.lit")}) == Strings{"paris@verona.lit?"}));
    record(Answer::approve, Reason::rule, "benvolio@verona.lit");
    BOOST_TEST((contacts() == Strings{"benvolio@verona.lit", kNurse, "paris@verona.lit?"}));
    repeat(counted);  // one more
    BOOST_TEST((contacts() == Strings{"benvolio@verona.lit?", kNurse, "paris@verona.lit?"}));
    record(Answer::leave, Reason::prompt, "eve@example.net", "tybalt@capulet.example", Covers::organization);
    BOOST_TEST(contacts()[1] == std::string(kNurse) + "?");
}

BOOST_AUTO_TEST_CASE(what_is_from_before_records_were_lost_is_not_certain)
{
    const std::int64_t before = record(Answer::approve, Reason::in_organization);
    record(Answer::approve, Reason::in_organization, "peter@capulet.lit");
    store->run("INSERT INTO lost_records (place, newest) VALUES (0, " + std::to_string(before) + ")");
    BOOST_TEST(contacts() == (Strings{"nurse@capulet.lit?", "peter@capulet.lit"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(filters_choose_among_the_last_words)
{
    record(Answer::approve, Reason::rule, "paris@verona.lit");
    record(Answer::approve, Reason::in_organization);
    const auto since = at;
    record(Answer::approve, Reason::all_contacts, "paris@verona.lit", "tybalt@capulet.example");
    BOOST_TEST((contacts({.user = Address::prepare(kJuliet)}) == Strings{kNurse, "paris@verona.lit"}));
    BOOST_TEST(found({.contact = Address::prepare("paris@verona.lit")}).size() == 2U);
    BOOST_TEST((contacts({.rule = 3}) == Strings{"paris@verona.lit"}));
    BOOST_TEST(contacts({.rule = 4}).empty());
    BOOST_TEST((contacts({.reason = Reason::in_organization}) == Strings{kNurse}));
    BOOST_TEST((contacts({.since = since}) == Strings{kNurse, "paris@verona.lit"}));
    BOOST_TEST(found({.since = since})[1].pair.user.text() == kJuliet);
    BOOST_TEST(contacts({.since = at + minutes(1)}).empty());
    record(Answer::leave, Reason::prompt, "paris@verona.lit");  // the rule's word is the last no more
    BOOST_TEST(contacts({.rule = 3}).empty());
}

BOOST_AUTO_TEST_CASE(what_policy_did_besides_is_what_the_policy_of_then_says)
{
    const auto only = [this] {
        const auto approvals = found();
        BOOST_REQUIRE(approvals.size() == 1U);
        return approvals[0];
    };
    record(Answer::approve, Reason::in_organization);
    put_in_force("ask_back = true\nname_contacts = true\ncontact_group = \"Colleagues\"\n");
    BOOST_TEST(!only().asked_back);
    BOOST_TEST(!only().named);
    BOOST_TEST(only().group == "");
    record(Answer::approve, Reason::in_organization);
    put_in_force("");
    BOOST_TEST(only().asked_back);
    BOOST_TEST(only().named);
    BOOST_TEST(only().group == "Colleagues");
    put_in_force("ask_back = true\n");
    item = RosterItem{Subscription::none, true};
    record(Answer::approve, Reason::asked_for);  // the user has asked before policy could
    BOOST_TEST(!only().asked_back);
    item = RosterItem{Subscription::none, false};
    record(Answer::approve, Reason::in_organization);
    BOOST_TEST(only().asked_back);
    store->run("DELETE FROM policy_part");  // nobody knows any more
    BOOST_TEST(!only().asked_back);
}

// The server does not ask back or name anybody where Usher does without its connector.
BOOST_AUTO_TEST_CASE(without_a_connector_policy_does_nothing_besides)
{
    put_in_force("ask_back = true\nname_contacts = true\n");
    source = Source::roster;
    record(Answer::approve, Reason::in_organization);
    const auto approvals = found();
    BOOST_REQUIRE(approvals.size() == 1U);
    BOOST_TEST(!approvals[0].asked_back);
    BOOST_TEST(!approvals[0].named);
}

// Item, rule and generation in it are those of the first time.
BOOST_AUTO_TEST_CASE(of_a_repeated_record_it_is_not_known_what_policy_did_besides)
{
    put_in_force("ask_back = true\n");
    const auto id = record(Answer::approve, Reason::rule);
    BOOST_TEST(found().at(0).asked_back);
    BOOST_TEST(contacts({.rule = 3}) == Strings{kNurse}, boost::test_tools::per_element());
    repeat(id);
    BOOST_TEST(!found().at(0).asked_back);
    BOOST_TEST(contacts({.rule = 3}).empty());
}

// It may have been the user who answered then.
BOOST_AUTO_TEST_CASE(a_later_answer_is_certain_when_it_is_confirmed)
{
    source = Source::waiting;
    const auto id = record(Answer::approve, Reason::in_organization);
    BOOST_TEST(contacts() == Strings{"nurse@capulet.lit?"}, boost::test_tools::per_element());
    settle(id, Outcome::confirmed);
    BOOST_TEST(contacts() == Strings{kNurse}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(many_records_are_looked_at_in_portions)
{
    std::vector<JournalEntry> entries;
    for (int i = 0; i < 20'100; ++i) {
        entries.push_back({.record = {.id = journal.next_id(at),
                                      .at = at,
                                      .source = Source::asked,
                                      .organization = "Capulet",
                                      .request = {Party::as_written(kJuliet),
                                                  Party::as_written("n" + std::to_string(i) + "@capulet.lit"),
                                                  std::nullopt},
                                      .facts = {},
                                      .decision = {Answer::approve, Reason::in_organization},
                                      .generation = 1}});
    }
    BOOST_REQUIRE(journal.record(entries).has_value());
    record(Answer::leave, Reason::prompt, "n0@capulet.lit");
    const auto approvals = found();
    BOOST_REQUIRE(approvals.size() == 20'099U);
    BOOST_TEST(approvals.front().pair.contact.text() == "n20099@capulet.lit");
    BOOST_TEST(approvals.back().pair.contact.text() == "n1@capulet.lit");
}

BOOST_AUTO_TEST_CASE(of_more_than_are_looked_at_at_once_the_others_are_found_behind_them)
{
    record(Answer::approve, Reason::in_organization, "susan@capulet.lit");
    test::copy_record(*database, record(Answer::approve, Reason::in_organization),
                      static_cast<std::int64_t>(PolicyApprovals::kMax));
    ApprovalOrder order{{}, {{"capulet.lit"}}};
    const auto first = policy_approvals(store->url(), order).value();
    BOOST_TEST(first.approvals.size() == PolicyApprovals::kMax);
    BOOST_REQUIRE(first.more_before.has_value());
    order.filter.before = first.more_before;
    const auto second = policy_approvals(store->url(), order).value();
    BOOST_TEST(!second.more_before.has_value());
    BOOST_REQUIRE(second.approvals.size() == 2U);
    BOOST_TEST(second.approvals[0].pair.contact.text() == "c100000@capulet.lit");
    BOOST_TEST(second.approvals[1].pair.contact.text() == "susan@capulet.lit");
    BOOST_TEST(second.newest == first.newest);
}

BOOST_AUTO_TEST_CASE(an_approval_ends_by_the_rule_that_gave_it_whatever_it_says_today)
{
    const auto rules = [](const std::string& third) {
        const std::string rule = "[[organization.rule]]\nfrom = [\"*\"]\nanswer = \"approve\"\n";
        return rule + rule + rule + third;
    };
    const std::int64_t without_end =
        record(Answer::approve, Reason::rule, "peter@capulet.lit");  // there is no rule 3
    put_in_force(rules("for = \"90d\"\n"));
    record(Answer::approve, Reason::rule);
    record(Answer::approve, Reason::in_organization, "susan@capulet.lit");
    put_in_force(rules("for = \"1d\"\n"));
    const auto ends = [&](const std::string& contact) {
        const auto all = found({.contact = Address::prepare(contact).value()});
        BOOST_REQUIRE(all.size() == 1U);
        return all[0].ends ? std::optional(*all[0].ends - all[0].at) : std::nullopt;
    };
    BOOST_TEST((ends(kNurse) == std::chrono::days(90)));
    BOOST_TEST((ends("susan@capulet.lit") == std::nullopt));
    BOOST_TEST((ends("peter@capulet.lit") == std::nullopt));
    const auto first = found({.contact = Address::prepare(kNurse).value()}).at(0);
    repeat(record(Answer::approve, Reason::rule));
    BOOST_TEST((ends(kNurse) == std::chrono::days(1)));
    BOOST_TEST((found({.contact = Address::prepare(kNurse).value()}).at(0).at > first.at));
    const auto ended = [&](system_clock::duration after) { return contacts({.ended_by = at + after}); };
    BOOST_TEST(ended(std::chrono::days(1) - minutes(1)).empty());
    BOOST_TEST(ended(std::chrono::days(1)) == Strings{kNurse}, boost::test_tools::per_element());
    BOOST_TEST(contacts({.records = std::set<std::int64_t>{without_end, first.record}}) ==
                   std::vector<std::string>{"peter@capulet.lit"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
