// What other domains have asked for is counted from the journal. On both databases.
#include "plugin/core/federation_report.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "plugin/store/journal.h"
#include "private_store.h"
#include "store_now.h"

namespace usher
{

namespace
{

using std::chrono::hours;
using std::chrono::system_clock;

/// A moment that the store can have: in milliseconds.
system_clock::time_point now()
{
    return std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
}

struct Store {
    std::unique_ptr<test::PrivateStore> store = test::PrivateStore::make();
    std::unique_ptr<Database> database = store->open();
    test::JournalNow journal{*database};

    void record(const std::string& contact, Answer answer, Source source = Source::asked,
                system_clock::time_point at = now(), const std::string& user = "juliet@capulet.lit",
                Covers covers = Covers::request, std::uint64_t repeats = 0, Reason reason = Reason::prompt)
    {
        std::vector<JournalEntry> entries{JournalEntry{JournalRecord{
            .id = journal.next_id(at),
            .at = at,
            .source = source,
            .organization = "Capulet",
            .request = {Address::prepare(user).value(), Party::as_written(contact), std::nullopt},
            .facts = {},
            .decision = {answer, reason},
            .generation = 1,
            .covers = covers}}};
        BOOST_REQUIRE(journal.record(entries).has_value());
        for (std::uint64_t i = 0; i < repeats; ++i) {
            entries.front().repeat = true;
            BOOST_REQUIRE(journal.record(entries).has_value());
        }
    }
    [[nodiscard]] std::vector<DomainRequests> domains(system_clock::time_point since = now() -
                                                                                       hours(24 * 30)) const
    {
        const auto reports =
            federation_report(store->url(), {{{"Capulet", {"capulet.lit", "capulet.example"}}}, since});
        BOOST_REQUIRE_MESSAGE(reports.has_value(), (reports ? "" : reports.error()));
        BOOST_REQUIRE(reports->size() == 1U);
        BOOST_TEST(reports->front().organization == "Capulet");
        return reports->front().domains;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(federation_report_of_domains, Store)

BOOST_AUTO_TEST_CASE(requests_of_other_domains_are_counted_by_what_became_of_them)
{
    record("romeo@montague.lit", Answer::leave);
    record("benvolio@montague.lit", Answer::approve);
    record("romeo@montague.lit", Answer::approve, Source::waiting);
    record("gateway.verona.lit", Answer::deny);
    record("nurse@capulet.lit", Answer::approve);
    record("susan@capulet.example", Answer::approve);
    record("paris@verona.lit", Answer::approve, Source::asked, now(),
           "romeo@montague.lit");  // of nobody of theirs
    const std::vector<DomainRequests> found = domains();
    BOOST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].domain == "montague.lit");
    BOOST_TEST(found[0].left == 1U);
    BOOST_TEST(found[0].approved == 1U);
    BOOST_TEST(found[0].approved_later == 1U);
    BOOST_TEST(found[0].denied == 0U);
    BOOST_TEST(found[1].domain == "gateway.verona.lit");
    BOOST_TEST(found[1].denied == 1U);
}

BOOST_AUTO_TEST_CASE(a_revocation_is_no_request)
{
    record("romeo@montague.lit", Answer::approve);
    record("romeo@montague.lit", Answer::deny, Source::roster, now(), "juliet@capulet.lit", Covers::request,
           0, Reason::revoked);
    const std::vector<DomainRequests> found = domains();
    BOOST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found[0].approved == 1U);
    BOOST_TEST(found[0].denied_later == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_counted_in_one_record_counts)
{
    record("romeo@montague.lit", Answer::deny, Source::asked, now(), "juliet@capulet.lit", Covers::domain, 4);
    // Of these nobody knows the domains.
    record("paris@verona.lit", Answer::deny, Source::asked, now(), "juliet@capulet.lit", Covers::organization,
           9);
    const std::vector<DomainRequests> found = domains();
    BOOST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0].denied == 5U);
    BOOST_TEST(found[1].denied == 1U);
}

BOOST_AUTO_TEST_CASE(only_what_came_since_then)
{
    const auto old = now() - hours(24 * 10);
    record("romeo@montague.lit", Answer::leave, Source::asked, old);
    record("romeo@montague.lit", Answer::leave, Source::asked, now() - hours(50));
    record("romeo@montague.lit", Answer::leave);
    BOOST_TEST(domains(now() - hours(24 * 3)).at(0).left == 2U);
    const auto all = domains(now() - hours(24 * 11));
    BOOST_TEST(all.at(0).left == 3U);
    BOOST_TEST((all.at(0).last > now() - hours(1)));
    BOOST_TEST(domains(now() + hours(1)).empty());
}

BOOST_AUTO_TEST_CASE(those_who_have_asked_most_come_first_and_the_others_are_said_to_be_there)
{
    for (std::size_t i = 0; i <= FederationReport::kMaxDomains; ++i) {
        record("a@d" + std::to_string(i) + ".lit", Answer::leave);
    }
    record("b@d1000.lit", Answer::leave);
    const auto reports =
        federation_report(store->url(), {{{"Capulet", {"capulet.lit"}}}, now() - hours(24)}).value();
    BOOST_TEST(reports.front().more);
    BOOST_TEST(reports.front().domains.size() == FederationReport::kMaxDomains);
    BOOST_TEST(reports.front().domains.front().domain == "d1000.lit");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher
