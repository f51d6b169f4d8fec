// What domains are asked about approvals, and what of their replies counts.
#include "integration/approvals/approvals.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "connector.h"

using namespace std::chrono_literals;
using usher::Address;
using usher::ApprovedPair;
using usher::Revoked;
using usher::StandingApproval;
using usher::Subscription;
namespace bdata = boost::unit_test::data;

namespace
{

ApprovedPair pair(const std::string& user, const std::string& contact)
{
    return {Address::prepare(user).value(), Address::prepare_contact(contact).value()};
}

StandingApproval standing(const std::string& user, const std::string& contact, const std::string& mark)
{
    return {pair(user, contact), Subscription::from, false, "", {}, mark};
}

std::string approvals(const std::string& content)
{
    return "<approvals xmlns='urn:xmpp:subscription-requests:0#approvals'>" + content + "</approvals>";
}

std::string outcomes_of(const std::string& content)
{
    return "<revoke xmlns='urn:xmpp:subscription-requests:0#approvals'>" + content + "</revoke>";
}

/// `<approval/>` with further attributes, and what is in it.
std::string approval(const std::string& user, const std::string& contact, const std::string& attributes = {},
                     const std::string& content = {})
{
    return "<approval user='" + user + "' contact='" + contact + "'" +
           (attributes.empty() ? "" : " " + attributes) +
           (content.empty() ? "/>" : ">" + content + "</approval>");
}

const char* const kJuliet = "juliet@capulet.lit";
const char* const kNurse = "nurse@capulet.lit";
const char* const kRomeo = "romeo@montague.lit";
const char* const kGateway = "icq.montague.lit";

const std::string kInForce = "subscription='from' mark='m1'";

struct Scene : usher::test::Connector {
    void read(std::vector<ApprovedPair> pairs)
    {
        found.reset();
        source.read("capulet.lit", std::move(pairs), [this](auto read) {
            ++replies;
            found = std::move(read);
        });
    }
    void read_two() { read({pair(kJuliet, kRomeo), pair(kNurse, kGateway)}); }
    void revoke_two()
    {
        outcomes.reset();
        source.revoke("capulet.lit", {standing(kJuliet, kRomeo, "m1"), standing(kNurse, kGateway, "m&2")},
                      [this](auto outcomes_given) {
                          ++replies;
                          outcomes = std::move(outcomes_given);
                      });
    }
    const std::vector<StandingApproval>& read_result()
    {
        BOOST_TEST_REQUIRE((found && found->has_value()));
        return **found;
    }

    usher::Approvals source{clock, iqs};
    int replies = 0;
    std::optional<tl::expected<std::vector<StandingApproval>, std::string>> found;
    std::optional<tl::expected<std::vector<Revoked>, std::string>> outcomes;
};

const std::string kNotUnderstood = "its server's answer about approvals cannot be understood";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(approvals_in_force, Scene)

BOOST_AUTO_TEST_CASE(a_domain_offers_approvals_until_the_stream_is_lost)
{
    usher::Advertisement granted;
    source.advertised("montague.lit", granted);
    granted.approvals = true;
    source.advertised("capulet.lit", granted);
    BOOST_TEST(source.offered("capulet.lit"));
    BOOST_TEST(!source.offered("montague.lit"));
    source.stream_lost();
    BOOST_TEST(!source.offered("capulet.lit"));
    BOOST_TEST(sent.empty());
}

BOOST_AUTO_TEST_CASE(those_that_are_in_force_come_back_with_what_the_roster_says)
{
    read_two();
    const std::string question = take();
    BOOST_TEST(question.find("<iq type='get'") == 0U);
    BOOST_TEST(question.find("<approvals xmlns='urn:xmpp:subscription-requests:0#approvals'>"
                             "<approval user='juliet@capulet.lit' contact='romeo@montague.lit'/>"
                             "<approval user='nurse@capulet.lit' contact='icq.montague.lit'/>"
                             "</approvals></iq>") != std::string::npos);
    reply(question,
          approvals(approval(kJuliet, kRomeo,
                             "subscription='from' ask='subscribe' name='Ro &amp; meo' mark='m1'",
                             "<group>Friends</group><other/><group>Verona</group>") +
                    "<other xmlns='x'/>" + approval(kNurse, kGateway, "subscription='both' mark='m&amp;2'")));
    BOOST_TEST_REQUIRE(read_result().size() == 2U);
    BOOST_TEST(
        (read_result()[0] ==
         StandingApproval{
             pair(kJuliet, kRomeo), Subscription::from, true, "Ro & meo", {"Friends", "Verona"}, "m1"}));
    BOOST_TEST((read_result()[1] ==
                StandingApproval{pair(kNurse, kGateway), Subscription::both, false, "", {}, "m&2"}));
}

BOOST_AUTO_TEST_CASE(those_that_do_not_come_back_are_not_in_force)
{
    read_two();
    reply(take(), approvals(approval(kNurse, kGateway, kInForce)));
    BOOST_TEST_REQUIRE(read_result().size() == 1U);
    BOOST_TEST((read_result()[0].pair == pair(kNurse, kGateway)));
    read_two();
    reply(take(), approvals(""));
    BOOST_TEST(read_result().empty());
}

// E47
BOOST_AUTO_TEST_CASE(names_and_groups_are_made_harmless)
{
    std::string groups;
    for (int i = 0; i < 9; ++i) {
        groups += "<group>g" + std::to_string(i) + "&#10;</group>";
    }
    read({pair(kJuliet, kRomeo)});
    reply(take(), approvals(approval(kJuliet, kRomeo,
                                     kInForce + " name=' R\xc2\x85o&#9;" + std::string(300, 'x') + "'",
                                     "<group> </group>" + groups)));
    BOOST_TEST_REQUIRE(read_result().size() == 1U);
    const StandingApproval& one = read_result()[0];
    BOOST_TEST(one.name.find('\xc2') == std::string::npos);
    BOOST_TEST(one.name.find('\t') == std::string::npos);
    BOOST_TEST(one.name.size() <= 256U);
    BOOST_TEST(one.groups.size() == usher::kMaxApprovalGroups);
    BOOST_TEST(one.groups.front() == "g0");
}

struct Reply {
    const char* what;
    std::string payload;
};
std::ostream& operator<<(std::ostream& out, const Reply& reply)
{
    return out << reply.what;
}

// E46
const Reply kNoReadings[] = {
    {"nothing", ""},
    {"another_namespace", "<approvals xmlns='urn:xmpp:subscription-requests:0'/>"},
    {"another_element", outcomes_of("")},
    {"another_contact", approvals(approval(kJuliet, kGateway, kInForce))},
    {"another_user", approvals(approval(kNurse, kRomeo, kInForce))},
    {"another_domain", approvals(approval("juliet@montague.lit", kRomeo, kInForce))},
    {"another_spelling", approvals(approval("Juliet@capulet.lit", kRomeo, kInForce))},
    {"a_resource", approvals(approval("juliet@capulet.lit/phone", kRomeo, kInForce))},
    {"no_addresses", approvals("<approval subscription='from' mark='m1'/>")},
    {"another_order", approvals(approval(kNurse, kGateway, kInForce) + approval(kJuliet, kRomeo, kInForce))},
    {"one_twice", approvals(approval(kJuliet, kRomeo, kInForce) + approval(kJuliet, kRomeo, kInForce))},
    {"one_wrong_among_right_ones",
     approvals(approval(kJuliet, kRomeo, kInForce) + approval("peter@capulet.lit", kRomeo, kInForce))},
    {"no_subscription", approvals(approval(kJuliet, kRomeo, "mark='m1'"))},
    {"subscription_to", approvals(approval(kJuliet, kRomeo, "subscription='to' mark='m1'"))},
    {"subscription_none", approvals(approval(kJuliet, kRomeo, "subscription='none' mark='m1'"))},
    {"an_unknown_subscription", approvals(approval(kJuliet, kRomeo, "subscription='FROM' mark='m1'"))},
    {"no_mark", approvals(approval(kJuliet, kRomeo, "subscription='from'"))},
    {"an_empty_mark", approvals(approval(kJuliet, kRomeo, "subscription='from' mark=''"))},
    {"an_endless_mark",
     approvals(approval(kJuliet, kRomeo, "subscription='from' mark='" + std::string(129, 'm') + "'"))},
};
BOOST_DATA_TEST_CASE(a_reading_that_says_anything_else_says_nothing, bdata::make(kNoReadings), c)
{
    read_two();
    reply(take(), c.payload);
    BOOST_TEST_REQUIRE((found && !found->has_value()));
    BOOST_TEST(found->error() == kNotUnderstood);
}

BOOST_AUTO_TEST_CASE(a_revocation_gives_back_the_mark_and_gets_an_outcome_for_each)
{
    revoke_two();
    const std::string question = take();
    BOOST_TEST(question.find("<iq type='set'") == 0U);
    BOOST_TEST(question.find("<revoke xmlns='urn:xmpp:subscription-requests:0#approvals'>"
                             "<approval user='juliet@capulet.lit' contact='romeo@montague.lit' mark='m1'/>"
                             "<approval user='nurse@capulet.lit' contact='icq.montague.lit' mark='m&amp;2'/>"
                             "</revoke></iq>") != std::string::npos);
    reply(question, outcomes_of(approval(kJuliet, kRomeo, "result='revoked'") +
                                approval(kNurse, kGateway, "result='changed'")));
    BOOST_TEST_REQUIRE((outcomes && outcomes->has_value()));
    BOOST_TEST((**outcomes == std::vector<Revoked>{Revoked::revoked, Revoked::changed}));
    revoke_two();
    reply(take(), outcomes_of(approval(kJuliet, kRomeo, "result='failed'") +
                              approval(kNurse, kGateway, "result='revoked'")));
    BOOST_TEST((**outcomes == std::vector<Revoked>{Revoked::failed, Revoked::revoked}));
}

// E46
const Reply kNoOutcomes[] = {
    {"nothing", ""},
    {"another_element", approvals("")},
    {"another_namespace", "<revoke xmlns='urn:xmpp:subscription-requests:0'/>"},
    {"none", outcomes_of("")},
    {"too_few", outcomes_of(approval(kJuliet, kRomeo, "result='revoked'"))},
    {"too_many", outcomes_of(approval(kJuliet, kRomeo, "result='revoked'") +
                             approval(kNurse, kGateway, "result='revoked'") +
                             approval(kNurse, kGateway, "result='revoked'"))},
    {"another_order", outcomes_of(approval(kNurse, kGateway, "result='revoked'") +
                                  approval(kJuliet, kRomeo, "result='revoked'"))},
    {"another_pair", outcomes_of(approval(kJuliet, kRomeo, "result='revoked'") +
                                 approval(kNurse, kRomeo, "result='revoked'"))},
    {"another_domain", outcomes_of(approval(kJuliet, kRomeo, "result='revoked'") +
                                   approval("nurse@montague.lit", kGateway, "result='revoked'"))},
    {"an_unknown_outcome", outcomes_of(approval(kJuliet, kRomeo, "result='revoked'") +
                                       approval(kNurse, kGateway, "result='perhaps'"))},
    {"no_outcome", outcomes_of(approval(kJuliet, kRomeo, "result='revoked'") + approval(kNurse, kGateway))},
};
BOOST_DATA_TEST_CASE(outcomes_of_anything_else_are_none, bdata::make(kNoOutcomes), c)
{
    revoke_two();
    reply(take(), c.payload);
    BOOST_TEST_REQUIRE((outcomes && !outcomes->has_value()));
    BOOST_TEST(outcomes->error() == kNotUnderstood);
}

// E45
BOOST_AUTO_TEST_CASE(a_refusal_says_why)
{
    read_two();
    refuse(take(), "forbidden");
    BOOST_TEST(found->error() == "its server does not allow Usher to read approvals");
    read_two();
    refuse(take(), "internal-server-error");
    BOOST_TEST(found->error() == "its server refuses to read approvals (internal-server-error)");
    revoke_two();
    refuse(take(), "forbidden");
    BOOST_TEST(outcomes->error() == "its server does not allow Usher to revoke approvals");
    revoke_two();
    refuse(take(), "service-unavailable");
    BOOST_TEST(outcomes->error() == "its server refuses to revoke approvals (service-unavailable)");
}

// E19
BOOST_AUTO_TEST_CASE(only_the_domain_replies)
{
    read_two();
    const std::string question = take();
    for (const char* other : {"montague.lit", "juliet@capulet.lit", "capulet.lit/x", ""}) {
        BOOST_TEST(!reply(question, approvals(approval(kJuliet, kRomeo, kInForce)), "result", other));
    }
    BOOST_TEST(replies == 0);
    BOOST_TEST(reply(question, approvals("")));
    BOOST_TEST(read_result().empty());
}

BOOST_AUTO_TEST_CASE(each_question_has_its_deadline)
{
    read_two();
    revoke_two();
    clock.advance(usher::Approvals::kDeadline - 1ms);
    BOOST_TEST(replies == 0);
    clock.advance(1ms);
    BOOST_TEST(replies == 2);
    BOOST_TEST(found->error() == "its server did not answer");
    BOOST_TEST(outcomes->error() == "its server did not answer");
}

BOOST_AUTO_TEST_SUITE_END()
