// What stock approval reads, sets and leaves alone, with a clock and rosters that the test controls.
#include "integration/stock/stock_approval.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "doubles.h"
#include "literal.h"

using namespace std::chrono_literals;
using usher::Advertisement;
using usher::Answer;
using usher::StockApproval;
using usher::test::Literal;
using Strings = std::vector<std::string>;

namespace
{

const std::string kJuliet = "juliet@capulet.lit";
const std::string kNurse = "nurse@capulet.lit";

Advertisement rosters_and(bool pushes, bool presence, bool blocklists)
{
    Advertisement granted;
    granted.roster_get = true;
    granted.roster_set = true;
    granted.roster_pushes = pushes;
    granted.user_presence = presence;
    granted.blocklist_get = blocklists;
    return granted;
}

const Advertisement kPresence = rosters_and(false, true, true);

class OneAnswer : public usher::Judge
{
  public:
    void judge(std::vector<usher::SubscriptionRequest> requests, usher::Source source,
               usher::JudgedCallback then) override
    {
        BOOST_TEST((source == usher::Source::roster));
        for (const usher::SubscriptionRequest& request : requests) {
            asked.push_back(request.contact.text() + " to " + request.user.text());
            items.push_back(request.item);
        }
        usher::Judged judged;
        judged.decision.answer = answer;
        judged.record = 1;
        held.push_back([then = std::move(then), all = std::vector(requests.size(), judged)] { then(all); });
        if (!holding) {
            answer_held();
        }
    }
    /// Gives the oldest answer that was held.
    void answer_held()
    {
        const auto oldest = std::move(held.at(0));
        held.erase(held.begin());
        oldest();
    }
    void settle(std::span<const usher::Settled> together) override
    {
        for (const usher::Settled& one : together) {
            settled.push_back(one.request.contact.text() + " to " + one.request.user.text() + " " +
                              std::string(name(one.outcome)));
        }
    }

    Answer answer = Answer::approve;
    bool holding = false;
    std::vector<std::function<void()>> held;
    Strings asked;
    Strings settled;
    std::vector<std::optional<usher::RosterItem>> items;
};

bool asks_for_blocklist(std::string_view payload)
{
    return payload.starts_with(
               "<privileged_iq xmlns='urn:xmpp:privilege:2'><iq xmlns='jabber:client' type='get'") &&
           payload.find("<blocklist xmlns='urn:xmpp:blocking'/>") != std::string_view::npos;
}

std::string blocklist(const std::string& type, const std::string& inside)
{
    return "<privilege xmlns='urn:xmpp:privilege:2'><forwarded xmlns='urn:xmpp:forward:0'>"
           "<iq xmlns='jabber:client' type='" +
           type + "'>" + inside + "</iq></forwarded></privilege>";
}

/// A server with rosters, whose users have blocked nobody. It answers a query only when the test says so.
struct Rosters {
    explicit Rosters(const Advertisement& granted = kPresence) { stock.start("capulet.lit", granted); }

    void send(std::string_view xml)
    {
        const Literal literal{std::string(xml)};
        const usher::Stanza iq = literal.stanza();
        const std::string payload(xml.substr(xml.find('>') + 1, xml.rfind("</iq>") - xml.find('>') - 1));
        waiting.push_back({std::string(iq.attribute("id")), std::string(iq.attribute("type")),
                           std::string(iq.attribute("to")), payload});
        log.push_back((asks_for_blocklist(payload) ? "blocklist" : waiting.back().type) + " " +
                      waiting.back().to);
    }

    [[nodiscard]] std::string roster(const std::string& owner) const
    {
        std::string xml = "<query xmlns='jabber:iq:roster'>";
        if (const auto found = items.find(owner); found != items.end()) {
            for (const auto& [contact, item] : found->second) {
                xml += item;
            }
        }
        return xml + "</query>";
    }

    void put(const std::string& owner, const std::string& contact, const std::string& attributes,
             const std::string& groups = {})
    {
        items[owner][contact] = "<item jid='" + contact + "' " + attributes + ">" + groups + "</item>";
    }

    void reply(const std::string& inside, const std::string& type = "result")
    {
        BOOST_REQUIRE(!waiting.empty());
        const Sent query = waiting.front();
        waiting.erase(waiting.begin());
        const Literal literal("<iq type='" + type + "' id='" + query.id + "' from='" + query.to + "'>" +
                              inside + "</iq>");
        BOOST_TEST(iqs.received(literal.stanza()));
    }

    /// Answers the oldest query as a server that applies roster sets does.
    void answer()
    {
        BOOST_REQUIRE(!waiting.empty());
        const Sent& query = waiting.front();
        if (asks_for_blocklist(query.payload)) {
            reply(blocklist("result", "<blocklist xmlns='urn:xmpp:blocking'/>"));
            return;
        }
        if (query.type == "get") {
            reply(roster(query.to));
            return;
        }
        const Literal payload(query.payload);
        const usher::Stanza item = payload.stanza().first();
        const std::string contact(item.attribute("jid"));
        if (item.attribute("subscription") == "remove") {
            items[query.to].erase(contact);
        } else if (obeys) {
            const auto from = query.payload.find("<item");
            items[query.to][contact] = query.payload.substr(from, query.payload.find("</query>") - from);
        }
        reply("");
    }

    /// Answers every query, without letting time pass.
    void answer_all()
    {
        for (int most = 1000; !waiting.empty() && most > 0; --most) {
            answer();
        }
    }

    void answer_or_pass(std::chrono::milliseconds time)
    {
        if (waiting.empty()) {
            clock.advance(time);
        } else {
            answer();
        }
    }

    void enter(const std::string& user) { stock.received_presence(user + "/balcony", true); }

    /// `attribute` of the item, or a text that says that there is no item.
    std::string in(const std::string& owner, const std::string& contact, const char* attribute)
    {
        const auto found = items[owner].find(contact);
        return found == items[owner].end() ? "no item" : usher::test::attribute(found->second, attribute);
    }

    [[nodiscard]] long sets() const
    {
        return std::count_if(log.begin(), log.end(),
                             [](const auto& line) { return line.starts_with("set"); });
    }

    struct Sent {
        std::string id, type, to, payload;
    };

    usher::test::FakeClock clock;
    OneAnswer judge;
    std::map<std::string, std::map<std::string, std::string>> items;
    bool obeys = true;
    std::vector<Sent> waiting;
    Strings log;
    std::vector<std::pair<std::string, StockApproval::Refusal>> refusals;
    usher::IqClient iqs{clock, [this](std::string_view xml) { send(xml); }};
    StockApproval stock{clock, judge, iqs, [this](const std::string& domain, StockApproval::Refusal refusal) {
                            refusals.emplace_back(domain, refusal);
                        }};
};

struct NurseAsks : Rosters {
    explicit NurseAsks(const Advertisement& granted = kPresence) : Rosters(granted)
    {
        put(kNurse, kJuliet, "subscription='none' ask='subscribe'");
    }
};

struct JudgedLater : NurseAsks {
    JudgedLater() { judge.holding = true; }

    /// The nurse comes online, and her request is with the judge.
    void ask_the_judge()
    {
        const std::size_t before = judge.held.size();
        clock.advance(1min);
        enter(kNurse);
        answer_all();
        BOOST_REQUIRE(judge.held.size() == before + 1);
        log.clear();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stock_approval)

BOOST_FIXTURE_TEST_CASE(user_comes_first_each_set_follows_a_read_and_is_read_back, NurseAsks)
{
    enter(kNurse);
    answer_all();
    const Strings expected{"get " + kNurse,  "get " + kJuliet, "blocklist " + kJuliet, "set " + kJuliet,
                           "get " + kJuliet, "get " + kNurse,  "set " + kNurse,        "get " + kNurse};
    BOOST_TEST(log == expected, boost::test_tools::per_element());
    BOOST_TEST(in(kJuliet, kNurse, "subscription") == "from");
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "to");
    BOOST_TEST(judge.settled == Strings{kNurse + " to " + kJuliet + " confirmed"},
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_the_user_sees_already_becomes_both_with_name_and_groups, NurseAsks)
{
    put(kNurse, kJuliet, "subscription='from' ask='subscribe' name='My &lt;lady&gt;'",
        "<group>A &amp; B</group><group>C</group>");
    put(kJuliet, kNurse, "subscription='to' name='Nurse'", "<group>House</group>");
    enter(kNurse);
    answer_all();
    BOOST_REQUIRE(judge.items.size() == 1U);
    BOOST_TEST((judge.items[0] == usher::RosterItem{usher::Subscription::to, false}));
    BOOST_TEST(in(kJuliet, kNurse, "subscription") == "both");
    BOOST_TEST(in(kJuliet, kNurse, "name") == "Nurse");
    BOOST_TEST(items[kJuliet][kNurse].find("<group>House</group>") != std::string::npos);
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "both");
    BOOST_TEST(in(kNurse, kJuliet, "name") == "My <lady>");
    BOOST_TEST(items[kNurse][kJuliet].find("<group>A &amp; B</group><group>C</group>") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_request_is_not_decided, Rosters)
{
    put(kNurse, "a@capulet.lit", "subscription='none'");
    put(kNurse, "b@capulet.lit", "subscription='both'");
    put(kNurse, "c@montague.lit", "subscription='none' ask='subscribe'");  // another server
    put(kNurse, "D@capulet.lit", "subscription='none' ask='subscribe'");   // not prepared
    put(kNurse, kNurse, "subscription='none' ask='subscribe'");
    enter(kNurse);
    answer_all();
    BOOST_TEST(judge.asked.empty());
    BOOST_TEST(sets() == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_not_approved_is_left_alone_and_decided_again_after_a_minute, NurseAsks)
{
    for (const Answer answer : {Answer::deny, Answer::leave}) {
        judge.answer = answer;
        judge.asked.clear();
        stock.policy_changed();
        enter(kNurse);
        answer_all();
        for (auto time = 0s; time < 55s; time += 5s) {
            clock.advance(5s);
            answer_all();
        }
        BOOST_TEST(judge.asked == Strings{kNurse + " to " + kJuliet}, boost::test_tools::per_element());
        clock.advance(10s);
        answer_all();
        BOOST_TEST(judge.asked.size() == 2U);
        BOOST_TEST(sets() == 0);
    }
}

BOOST_FIXTURE_TEST_CASE(changed_policy_decides_at_once, NurseAsks)
{
    judge.answer = Answer::leave;
    enter(kNurse);
    answer_all();
    judge.answer = Answer::approve;
    stock.policy_changed();
    clock.advance(100ms);
    answer_all();
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "to");
}

BOOST_FIXTURE_TEST_CASE(approval_that_was_cut_short_is_completed_without_another_decision, NurseAsks)
{
    put(kJuliet, kNurse, "subscription='from'");
    enter(kNurse);
    answer_all();
    BOOST_TEST(judge.asked.empty());
    BOOST_TEST(sets() == 1);
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "to");
}

BOOST_FIXTURE_TEST_CASE(request_withdrawn_meanwhile_leaves_the_users_roster_as_it_was, NurseAsks)
{
    enter(kNurse);
    for (int i = 0; i < 5; ++i) {
        answer();  // up to the read-back of the user's side
    }
    BOOST_TEST(in(kJuliet, kNurse, "subscription") == "from");
    put(kNurse, kJuliet, "subscription='none'");
    answer_all();
    BOOST_TEST(in(kJuliet, kNurse, "subscription") == "no item");
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "none");
    BOOST_TEST(judge.settled == Strings{kNurse + " to " + kJuliet + " refused"},
               boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(server_that_ignores_the_subscription_is_refused_and_left_alone, NurseAsks)
{
    obeys = false;
    enter(kNurse);
    answer_all();
    BOOST_REQUIRE(refusals.size() == 1U);
    BOOST_TEST(refusals[0].first == "capulet.lit");
    BOOST_TEST((refusals[0].second == StockApproval::Refusal::ineffective));
    BOOST_TEST(sets() == 1);
    BOOST_TEST(judge.settled == Strings{kNurse + " to " + kJuliet + " refused"},
               boost::test_tools::per_element());
    log.clear();
    clock.advance(10min);
    BOOST_TEST(log.empty());
}

BOOST_FIXTURE_TEST_CASE(server_on_which_every_set_fails_is_refused_after_some, NurseAsks)
{
    enter(kNurse);
    for (int errors = 1; errors <= StockApproval::kMaxErrors; ++errors) {
        BOOST_TEST(refusals.empty());
        while (waiting.empty() || waiting.at(0).type != "set") {
            answer_or_pass(1s);
        }
        reply(
            "<error type='wait'><internal-server-error "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
            "error");
        BOOST_TEST(static_cast<int>(judge.asked.size()) == errors);
        BOOST_TEST(static_cast<int>(judge.settled.size()) == errors);  // no approval that counts
    }
    BOOST_REQUIRE(refusals.size() == 1U);
    BOOST_TEST((refusals[0].second == StockApproval::Refusal::ineffective));
}

BOOST_FIXTURE_TEST_CASE(change_by_somebody_else_is_no_reason_to_refuse_a_server_that_obeys, NurseAsks)
{
    put(kNurse, "paris@capulet.lit", "subscription='none' ask='subscribe'");
    enter(kNurse);
    while (in(kNurse, kJuliet, "subscription") != "to") {
        answer();
    }
    obeys = false;
    answer_all();
    BOOST_TEST(refusals.empty());
}

BOOST_FIXTURE_TEST_CASE(forbidden_roster_is_said, Rosters)
{
    enter(kNurse);
    reply("<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", "error");
    BOOST_REQUIRE(refusals.size() == 1U);
    BOOST_TEST((refusals[0].second == StockApproval::Refusal::forbidden));
}

BOOST_FIXTURE_TEST_CASE(user_the_server_says_nothing_about_holds_up_others_for_a_while_only, NurseAsks)
{
    put(kNurse, "ghost@capulet.lit", "subscription='none' ask='subscribe'");
    enter(kNurse);
    answer();  // the nurse's roster; the ghost's is asked for next
    BOOST_TEST(waiting.at(0).to == "ghost@capulet.lit");
    waiting.clear();
    clock.advance(StockApproval::kReplyDeadline);
    answer_all();
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "to");
}

BOOST_FIXTURE_TEST_CASE(rosters_are_read_at_the_pace_and_again_in_turn, Rosters)
{
    stock.set_pace(2);
    for (const char* name : {"a", "b", "c"}) {
        enter(std::string(name) + "@capulet.lit");
        answer_all();
    }
    BOOST_TEST(log.size() == 1U);
    for (int reads = 2; reads <= 3; ++reads) {
        clock.advance(499ms);
        BOOST_TEST(static_cast<int>(log.size()) == reads - 1);
        clock.advance(1ms);
        BOOST_TEST(static_cast<int>(log.size()) == reads);
        answer_all();
    }
    clock.advance(4s);  // 5 s after the first
    answer_all();
    const Strings expected{"get a@capulet.lit", "get b@capulet.lit", "get c@capulet.lit",
                           "get a@capulet.lit"};
    BOOST_TEST(log == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(user_who_leaves_is_read_once_more, Rosters)
{
    enter(kNurse);
    stock.received_presence(kNurse + "/garden", true);
    answer_all();
    log.clear();
    stock.received_presence(kNurse + "/balcony", false);
    clock.advance(1s);
    BOOST_TEST(log.empty());  // still there
    stock.received_presence(kNurse + "/garden", false);
    BOOST_TEST(log.size() == 1U);
    answer_all();
    clock.advance(10min);
    BOOST_TEST(log.size() == 1U);
}

BOOST_AUTO_TEST_CASE(where_pushes_come_they_are_waited_for)
{
    NurseAsks rosters(rosters_and(true, false, true));
    rosters.clock.advance(10min);
    BOOST_TEST(rosters.log.empty());
    rosters.stock.received_push(kNurse);
    rosters.answer_all();
    BOOST_TEST(rosters.in(kNurse, kJuliet, "subscription") == "to");
    rosters.log.clear();
    rosters.clock.advance(10min);
    BOOST_TEST(rosters.log.empty());
}

BOOST_AUTO_TEST_CASE(blocked_contact_is_not_approved)
{
    const struct {
        const char* type;
        std::string inside;
        bool approved;
    } cases[] = {
        {"result", "<blocklist xmlns='urn:xmpp:blocking'/>", true},
        {"result", "<blocklist xmlns='urn:xmpp:blocking'><item jid='paris@capulet.lit'/></blocklist>", true},
        {"result", "<blocklist xmlns='urn:xmpp:blocking'><item jid='" + kNurse + "'/></blocklist>", false},
        {"result", "<blocklist xmlns='urn:xmpp:blocking'><item jid='capulet.lit'/></blocklist>", false},
        {"result", "", false},
        {"error",
         "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
         true},
        {"error",
         "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
         false},
    };
    for (const auto& c : cases) {
        BOOST_TEST_CONTEXT(c.inside)
        {
            NurseAsks rosters;
            rosters.enter(kNurse);
            rosters.answer();
            rosters.answer();
            BOOST_REQUIRE(rosters.waiting.size() == 1U);
            BOOST_TEST(asks_for_blocklist(rosters.waiting[0].payload));
            BOOST_TEST(rosters.waiting[0].to == kJuliet);
            rosters.reply(blocklist(c.type, c.inside));
            rosters.answer_all();
            BOOST_TEST(rosters.judge.asked.size() == (c.approved ? 1U : 0U));
            BOOST_TEST((rosters.in(kNurse, kJuliet, "subscription") == "to") == c.approved);
        }
    }
}

/// A server that refuses because it has not granted the permission, and one that does not reply.
BOOST_FIXTURE_TEST_CASE(without_the_blocklist_nothing_is_approved, NurseAsks)
{
    enter(kNurse);
    answer();
    answer();
    reply("<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", "error");
    for (auto time = 0s; time < 60s; time += 5s) {
        BOOST_TEST(judge.asked.empty());
        clock.advance(5s);
        while (!waiting.empty() && !asks_for_blocklist(waiting[0].payload)) {
            answer();
        }
    }
    BOOST_REQUIRE(waiting.size() == 1U);  // tried again, and not answered
    clock.advance(StockApproval::kReplyDeadline);
    BOOST_TEST(judge.asked.empty());
    BOOST_TEST(sets() == 0);
}

BOOST_FIXTURE_TEST_CASE(domain_that_is_no_longer_served_is_left_alone, NurseAsks)
{
    enter(kNurse);
    stock.stop("capulet.lit");
    answer_all();
    clock.advance(10min);
    BOOST_TEST(log.size() == 1U);
    BOOST_TEST(judge.asked.empty());
}

BOOST_FIXTURE_TEST_CASE(nothing_survives_the_stream, NurseAsks)
{
    enter(kNurse);
    const Rosters::Sent query = waiting.at(0);
    stock.stream_lost();
    iqs.give_up();
    const Literal late("<iq type='result' id='" + query.id + "' from='" + query.to + "'>" + roster(kNurse) +
                       "</iq>");
    BOOST_TEST(!iqs.received(late.stanza()));
    clock.advance(10min);
    BOOST_TEST(log.size() == 1U);
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_FIXTURE_TEST_CASE(one_request_at_a_time_is_with_the_judge, JudgedLater)
{
    put(kNurse, "paris@capulet.lit", "subscription='none' ask='subscribe'");
    ask_the_judge();
    stock.policy_changed();
    clock.advance(10min);
    BOOST_TEST(log.empty());
    BOOST_TEST(judge.asked.size() == 1U);
    judge.holding = false;
    judge.answer_held();
    answer_all();
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "to");
    BOOST_TEST(in(kNurse, "paris@capulet.lit", "subscription") == "to");
}

BOOST_FIXTURE_TEST_CASE(what_the_judge_leaves_later_does_not_hold_up_the_others, JudgedLater)
{
    judge.answer = Answer::leave;
    ask_the_judge();
    judge.answer_held();
    clock.advance(10s);
    BOOST_TEST(log == Strings{"get " + kNurse}, boost::test_tools::per_element());
}

/// A connector was found, or the domain is ours no longer.
BOOST_FIXTURE_TEST_CASE(domain_that_is_no_longer_served_when_the_judge_has_decided_is_left_alone, JudgedLater)
{
    ask_the_judge();
    stock.stop("capulet.lit");
    judge.answer_held();
    clock.advance(10min);
    BOOST_TEST(log.empty());
    BOOST_TEST(judge.settled.empty());
}

BOOST_FIXTURE_TEST_CASE(domain_that_is_no_longer_served_is_not_judged, NurseAsks)
{
    enter(kNurse);
    answer();
    answer();
    BOOST_REQUIRE(waiting.size() == 1U);
    BOOST_TEST(asks_for_blocklist(waiting[0].payload));
    stock.stop("capulet.lit");
    answer_all();
    BOOST_TEST(judge.asked.empty());
}

BOOST_FIXTURE_TEST_CASE(what_was_judged_for_a_lost_stream_is_judged_again, JudgedLater)
{
    ask_the_judge();
    stock.stream_lost();
    stock.start("capulet.lit", kPresence);
    judge.answer_held();
    clock.advance(10min);
    BOOST_TEST(log.empty());
    ask_the_judge();
    judge.answer_held();
    answer_all();
    BOOST_TEST(in(kNurse, kJuliet, "subscription") == "to");
}

/// While another one is under way: the two must not get mixed up.
BOOST_FIXTURE_TEST_CASE(decision_for_a_lost_stream_approves_nobody_else, JudgedLater)
{
    ask_the_judge();
    stock.stream_lost();
    stock.start("capulet.lit", kPresence);
    ask_the_judge();
    judge.answer_held();
    BOOST_TEST(log.empty());
    judge.answer_held();
    BOOST_TEST(log == Strings{"set " + kJuliet}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(judge_that_decides_when_the_approval_is_gone_changes_nothing)
{
    OneAnswer judge;
    judge.holding = true;
    std::optional<JudgedLater> rosters(std::in_place);
    rosters->ask_the_judge();
    judge.held = std::move(rosters->judge.held);
    rosters.reset();
    judge.answer_held();
}

BOOST_FIXTURE_TEST_CASE(reply_of_somebody_else_is_not_taken, NurseAsks)
{
    enter(kNurse);
    const Literal forged("<iq type='result' id='" + waiting.at(0).id + "' from='" + kJuliet + "'>" +
                         roster(kNurse) + "</iq>");
    BOOST_TEST(!iqs.received(forged.stanza()));
    BOOST_TEST(waiting.size() == 1U);
}

BOOST_AUTO_TEST_CASE(permissions_that_are_enough)
{
    BOOST_TEST(kPresence.enough_for_stock());
    BOOST_TEST(rosters_and(true, false, true).enough_for_stock());
    BOOST_TEST(!rosters_and(false, false, true).enough_for_stock());
    BOOST_TEST(!rosters_and(true, true, false).enough_for_stock());
    Advertisement without_get = kPresence;
    without_get.roster_get = false;
    BOOST_TEST(!without_get.enough_for_stock());
    Advertisement without_set = kPresence;
    without_set.roster_set = false;
    BOOST_TEST(!without_set.enough_for_stock());
}

BOOST_AUTO_TEST_SUITE_END()
