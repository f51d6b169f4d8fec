// A domain's list of archiving preferences, read to its end, and the lists that are none.
#include "integration/archive/archive_list.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connector.h"

using namespace std::chrono_literals;
using usher::ArchiveFailure;
using usher::ArchiveList;
using usher::ArchivePreference;
using usher::ArchiveRead;
using usher::Archiving;
using Problem = usher::ArchiveFailure::Problem;

namespace
{

std::string archive(const std::string& persons, const std::string& last = {},
                    const std::string& attributes = " server-default='always'")
{
    return "<archive xmlns='urn:xmpp:subscription-requests:0#archive'" + attributes + ">" + persons +
           (last.empty() ? ""
                         : "<set xmlns='http://jabber.org/protocol/rsm'><last>" + last + "</last></set>") +
           "</archive>";
}

std::string person(const std::string& address, const std::string& attributes = {})
{
    return "<person jid='" + address + "'" + attributes + "/>";
}

std::string many(std::size_t first, std::size_t count)
{
    std::string all;
    for (std::size_t i = first; i < first + count; ++i) {
        all += person("user" + std::to_string(i) + "@capulet.lit");
    }
    return all;
}

/// `juliet@capulet.lit never locked`.
std::string text(const ArchivePreference& preference)
{
    return preference.account.text() + " " +
           (preference.preference ? std::string(name(*preference.preference)) : "none") +
           (preference.locked ? " locked" : "");
}

struct Scene : usher::test::Connector {
    Scene()
        : list(std::make_unique<ArchiveList>(
              iqs, refused, "capulet.lit",
              [this](const ArchiveRead& page) {
                  ++pages;
                  server_default = page.server_default;
                  for (const ArchivePreference& one : page.accounts) {
                      listed.push_back(text(one));
                  }
                  list->next();
              },
              [this](const std::optional<ArchiveFailure>& why) {
                  ++ends;
                  failure = why;
                  list.reset();
              }))
    {
        list->next();
    }

    void page(const std::string& payload) { BOOST_TEST_REQUIRE(reply(take(), payload)); }
    void expect_end(std::optional<Problem> why)
    {
        BOOST_TEST(ends == 1);
        BOOST_REQUIRE(failure.has_value() == why.has_value());
        BOOST_TEST((!why || failure->problem == *why));
        BOOST_TEST(sent.empty());
        BOOST_TEST(clock.waiting() == 0U);
    }

    usher::RateLimitedWarning refused{clock, "passed over"};
    int pages = 0;
    int ends = 0;
    std::optional<Archiving> server_default;
    std::vector<std::string> listed;
    std::optional<ArchiveFailure> failure;
    std::unique_ptr<ArchiveList> list;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(archive_list, Scene)

BOOST_AUTO_TEST_CASE(it_is_read_page_by_page_to_an_empty_one)
{
    const std::string first = take();
    BOOST_TEST(first ==
               "<iq type='get' id='" + usher::test::attribute(first, "id") +
                   "' to='capulet.lit'><archive xmlns='urn:xmpp:subscription-requests:0#archive'>"
                   "<set xmlns='http://jabber.org/protocol/rsm'><max>100</max></set></archive></iq>");
    reply(first,
          archive(person("juliet@capulet.lit", " default='never' lock='true' since='2026-01-01T00:00:00Z'") +
                      person("nurse@capulet.lit"),
                  "k-2"));
    BOOST_TEST((server_default == Archiving::always));
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<max>100</max><after>k-2</after>") != std::string::npos);
    page(archive(person("tybalt@capulet.lit", " default='roster' lock='false'")));
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<after>tybalt@capulet.lit</after>") != std::string::npos);
    page(archive(""));
    expect_end(std::nullopt);
    BOOST_TEST(listed == (std::vector<std::string>{"juliet@capulet.lit never locked",
                                                   "nurse@capulet.lit none", "tybalt@capulet.lit roster"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_server_does_by_itself_may_be_unknown)
{
    page(archive(person("nurse@capulet.lit"), "1", " server-default='sometimes'"));
    BOOST_TEST(!server_default.has_value());
    page(archive(person("nurse@capulet.lit"), "2", ""));
    BOOST_TEST(!server_default.has_value());
}

// Whoever has preferences that are not understood must not look as if there were none.
BOOST_AUTO_TEST_CASE(who_is_of_another_domain_or_not_understood_is_passed_over)
{
    page(archive(person("tybalt@montague.lit") + person("juliet@x.capulet.lit") +
                     person("juliet@evilcapulet.lit") + person("capulet.lit") + person("Juliet@capulet.lit") +
                     person("juliet@capulet.lit/phone") + person("peter@capulet.lit", " default='Always'") +
                     person("abram@capulet.lit", " default='server'") +
                     "<person/><person xmlns='x' jid='anne@capulet.lit'/>" + person("nurse@capulet.lit"),
                 "1"));
    BOOST_TEST(listed == std::vector<std::string>{"nurse@capulet.lit none"},
               boost::test_tools::per_element());
    page(archive(person("tybalt@montague.lit"), "2"));  // no reason to stop
    page(archive(""));
    expect_end(std::nullopt);
}

BOOST_AUTO_TEST_CASE(a_page_that_does_not_go_forward_ends_it)
{
    page(archive(many(0, 2), "1"));
    page(archive(many(2, 2), "1"));
    expect_end(Problem::unreadable);
    BOOST_TEST(pages == 1);
}

BOOST_AUTO_TEST_CASE(a_list_without_end_ends_after_a_million)
{
    constexpr std::size_t kPage = 100;
    const std::string same = many(0, kPage);
    for (std::size_t i = 0; i < ArchiveList::kMaxAccounts / kPage; ++i) {
        page(archive(same, std::to_string(i)));
        listed.clear();
    }
    BOOST_TEST(ends == 0);
    page(archive(many(0, 1), "end"));
    expect_end(Problem::unreadable);
}

BOOST_AUTO_TEST_CASE(no_more_than_asked_for_is_taken)
{
    page(archive(many(0, 100), "99"));
    page(archive(many(100, 101), "200"));
    expect_end(Problem::unreadable);
    BOOST_TEST(listed.size() == 100U);
}

const char* const kNoPages[] = {
    "",
    "<archive xmlns='urn:xmpp:subscription-requests:0'/>",
    "<people xmlns='urn:xmpp:subscription-requests:0#archive'/>",
};
BOOST_DATA_TEST_CASE(what_is_no_page_ends_it, boost::unit_test::data::make(kNoPages), payload)
{
    reply(take(), payload);
    expect_end(Problem::unreadable);
}

BOOST_AUTO_TEST_CASE(only_the_domain_replies)
{
    const std::string question = take();
    for (const char* other : {"montague.lit", "juliet@capulet.lit", "capulet.lit/x", ""}) {
        BOOST_TEST(!reply(question, archive(many(0, 1), "1"), "result", other));
    }
    BOOST_TEST(pages == 0);
    BOOST_TEST(reply(question, archive("")));
    expect_end(std::nullopt);
}

BOOST_AUTO_TEST_CASE(each_page_has_its_deadline)
{
    clock.advance(ArchiveList::kDeadline - 1ms);
    page(archive(many(0, 1), "0"));
    clock.advance(ArchiveList::kDeadline - 1ms);
    BOOST_TEST(ends == 0);
    sent.clear();
    clock.advance(1ms);
    expect_end(Problem::no_reply);
}

BOOST_AUTO_TEST_CASE(a_lost_place_is_a_new_beginning_once)
{
    page(archive(many(0, 2), "1"));
    refuse(take(), "item-not-found");
    BOOST_TEST_REQUIRE(sent.size() == 1U);
    BOOST_TEST(sent[0].find("<after>") == std::string::npos);
    page(archive(many(0, 3), "2"));
    refuse(take(), "item-not-found");
    expect_end(Problem::no_account);
}

struct Refusal {
    const char* condition;
    Problem problem;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.condition;
}
const Refusal kRefusals[] = {
    {"forbidden", Problem::not_granted, "its server does not allow Usher to set them"},
    {"feature-not-implemented", Problem::no_archive,
     "its server has no message archive there: enable mod_mam"},
    {"service-unavailable", Problem::refused, "its server refuses (service-unavailable)"},
};
BOOST_DATA_TEST_CASE(a_refusal_says_why, boost::unit_test::data::make(kRefusals), c)
{
    refuse(take(), c.condition);
    expect_end(c.problem);
    BOOST_TEST(to_string(*failure) == c.text);
}

BOOST_AUTO_TEST_SUITE_END()
