// The judge decides when much has changed since it was asked. Numbers such as E2 are the rules of PROTOCOL.md.
#include "entity_scene.h"

using namespace std::chrono_literals;
using namespace usher;
using namespace usher::test;

namespace
{

const std::string kAsked = requests(request("c", "approve@montague.lit", "juliet@capulet.lit"));
const std::string kWaits = request("1", "approve@montague.lit", "juliet@capulet.lit");

std::string answered(const std::string& iq, const std::string& id, const std::string& type)
{
    return "<iq type='result' id='" + iq +
           "' to='capulet.lit'><answers xmlns='urn:xmpp:subscription-requests:0'><answer id='" + id +
           "' type='" + type + "'/></answers></iq>";
}

struct HoldingScene : TwoDomains {
    HoldingScene() { judge.holding = true; }

    /// The stream is lost, and the next login has come as far as the question for the list.
    void log_in_anew()
    {
        channels.ended(Failure::Kind::lost);
        channels.sent.clear();
        clock.advance(events.delay);
        channels.opened(address);
        has_connector();
    }

    /// The first page of the list is with the judge.
    void let_page_be_judged()
    {
        log_in();
        has_connector();
        page(kWaits, "1");
        take("verona.lit", "query");
        channels.sent.clear();
        BOOST_TEST_REQUIRE(judge.held.size() == 1U);
    }

    /// As an administrator has it done. What came of it is in `outcomes`.
    void answer_on_behalf(const Strings& users)
    {
        std::vector<SubscriptionRequest> waiting;
        for (const std::string& user : users) {
            waiting.push_back({Address::prepare(user).value(),
                               Address::prepare("approve@montague.lit").value(), std::nullopt});
        }
        entity->answer_page(std::move(waiting), [this](const auto& page) {
            if (!page) {
                outcomes.push_back(page.error());
                return;
            }
            for (const LaterAnswers::Answered& one : *page) {
                outcomes.emplace_back(one.outcome == AnswerOutcome::answered ? "answered"
                                      : one.outcome == AnswerOutcome::lost   ? "lost"
                                                                             : "another");
            }
        });
    }

    void expect_outcomes(const Strings& expected)
    {
        BOOST_TEST(outcomes == expected, boost::test_tools::per_element());
    }

    Strings outcomes;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(entity_judged_later, HoldingScene)

// --- Asks

// E17
BOOST_AUTO_TEST_CASE(the_answer_leaves_when_the_judge_has_decided)
{
    start_answering();
    ask(kAsked);
    expect_nothing_sent();
    judge.answer_held();
    expect_sent({answered("a1", "c", "subscribed")});
}

// E11: after 500 ms the server sends the next ask.
BOOST_AUTO_TEST_CASE(asks_are_answered_in_the_order_of_the_decisions_each_with_its_own_ids)
{
    start_answering();
    ask(kAsked);
    clock.advance(500ms);
    ask(requests(request("d", "deny@montague.lit", "nurse@capulet.lit")), "capulet.lit", "a2");
    judge.answer_held(1);
    expect_sent({answered("a2", "d", "unsubscribed")});
    judge.answer_held();
    expect_sent({answered("a1", "c", "subscribed")});
}

// E12
BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_left_where_it_stood)
{
    start_answering();
    ask(requests("<request id='x'/>" + request("c", "approve@montague.lit", "juliet@capulet.lit")));
    judge.answer_held();
    expect_sent(
        {"<iq type='result' id='a1' to='capulet.lit'><answers xmlns='urn:xmpp:subscription-requests:0'>"
         "<answer id='x' type='none'/><answer id='c' type='subscribed'/></answers></iq>"});
}

BOOST_AUTO_TEST_CASE(an_ask_that_cannot_be_recorded_in_the_end_gets_an_error)
{
    start_answering();
    ask(kAsked);
    judge.fail_held();
    expect_error("internal-server-error", "wait", "capulet.lit");
}

// E2
BOOST_AUTO_TEST_CASE(an_ask_of_a_lost_stream_is_not_answered_but_found_waiting)
{
    start_answering();
    ask(kAsked);
    log_in_anew();
    const Strings sent = channels.sent;
    judge.answer_held();
    expect_sent(sent);
    channels.sent = sent;
    judge.holding = false;
    page(kWaits, "1");
    BOOST_TEST(take("capulet.lit", "answer").find("type='subscribed'") != std::string::npos);
    entity->stop();
    BOOST_TEST(channels.closes == 1);  // it waits for none of them
}

// E9, E11
BOOST_AUTO_TEST_CASE(an_ask_of_a_domain_that_is_gone_is_not_answered_with_a_verdict)
{
    start_answering({"capulet.lit", "verona.lit"});
    ask(kAsked);
    entity->set_domains({"verona.lit"});
    judge.answer_held();
    expect_error("forbidden", "auth", "capulet.lit");
}

BOOST_AUTO_TEST_CASE(an_ask_with_the_judge_does_not_outlive_the_entity)
{
    start_answering();
    ask(kAsked);
    entity.reset();
    judge.answer_held();
    expect_nothing_sent();
}

// --- The list

// E25
BOOST_AUTO_TEST_CASE(the_list_is_not_read_on_while_a_page_is_with_the_judge)
{
    let_page_be_judged();
    clock.advance(20s);
    expect_nothing_sent();
    BOOST_TEST(state() == "reading");
    judge.answer_held();
    reply(take("capulet.lit", "answer"), "");
    BOOST_TEST(state() == "reading");
    page("");
    BOOST_TEST(state() == "answering");
}

BOOST_AUTO_TEST_CASE(the_list_is_read_on_where_a_page_cannot_be_recorded_in_the_end)
{
    let_page_be_judged();
    judge.fail_held();
    page("");
    BOOST_TEST(state() == "answering");
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(a_page_of_a_lost_stream_is_not_answered_and_judged_again)
{
    let_page_be_judged();
    log_in_anew();
    const Strings sent = channels.sent;
    judge.answer_held();
    expect_sent(sent);
    BOOST_TEST(state() == "reading");
    channels.sent = sent;
    page(kWaits, "1");
    judge.answer_held();
    reply(take("capulet.lit", "answer"), "");
    page("");
    BOOST_TEST(state() == "answering");
    BOOST_TEST(judge.settled == Strings{"2 approve confirmed"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_pages_with_the_judge_do_not_get_mixed_up)
{
    let_page_be_judged();
    log_in_anew();
    page(request("2", "deny@montague.lit", "nurse@capulet.lit"), "2");
    judge.answer_held();  // of the first login
    BOOST_TEST(std::none_of(channels.sent.begin(), channels.sent.end(),
                            [](const std::string& xml) { return xml.find("<answer") != std::string::npos; }));
    judge.answer_held();
    const std::string answer = take("capulet.lit", "answer");
    BOOST_TEST(answer.find("user='nurse@capulet.lit'") != std::string::npos);
    BOOST_TEST(answer.find("type='unsubscribed'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_page_of_a_list_that_is_not_wanted_any_longer_is_not_answered)
{
    let_page_be_judged();
    entity->stock_refused("capulet.lit", StockMode::Refusal::ineffective);  // the session goes elsewhere
    const std::string now = state();
    judge.answer_held();
    expect_nothing_sent();
    BOOST_TEST(state() == now);
}

BOOST_AUTO_TEST_CASE(a_page_of_a_domain_that_is_gone_is_not_answered)
{
    let_page_be_judged();
    entity->set_domains({"verona.lit"});
    judge.answer_held();
    expect_nothing_sent();
}

BOOST_AUTO_TEST_CASE(a_page_with_the_judge_does_not_outlive_the_entity)
{
    let_page_be_judged();
    entity.reset();
    judge.answer_held();
    expect_nothing_sent();
}

// E4
BOOST_AUTO_TEST_CASE(a_new_policy_while_a_page_is_with_the_judge_has_the_list_read_again_afterwards)
{
    let_page_be_judged();
    entity->read_again();
    expect_nothing_sent();
    judge.answer_held();
    reply(take("capulet.lit", "answer"), "");
    page("");
    BOOST_TEST(state() == "reading");
    page("");
    BOOST_TEST(state() == "answering");
}

// --- On others' behalf

BOOST_AUTO_TEST_CASE(a_page_on_others_behalf_is_answered_when_the_judge_has_decided)
{
    start_answering();
    answer_on_behalf({"juliet@capulet.lit"});
    expect_nothing_sent();
    judge.answer_held();
    reply(take("capulet.lit", "answer"), "");
    expect_outcomes({"answered"});
}

BOOST_AUTO_TEST_CASE(a_page_on_others_behalf_that_cannot_be_recorded_in_the_end_is_not_answered)
{
    start_answering();
    answer_on_behalf({"juliet@capulet.lit"});
    judge.fail_held();
    expect_nothing_sent();
    expect_outcomes({"the journal cannot be written: disk full"});
}

BOOST_AUTO_TEST_CASE(without_a_stream_a_page_on_others_behalf_is_lost_at_once)
{
    start_answering();
    answer_on_behalf({"juliet@capulet.lit"});
    channels.ended(Failure::Kind::lost);
    judge.answer_held();
    expect_outcomes({"lost"});
    BOOST_TEST(judge.settled.empty());
}

BOOST_AUTO_TEST_CASE(on_others_behalf_a_domain_that_is_gone_is_not_answered_and_the_others_are)
{
    start_answering({"capulet.lit", "verona.lit"});
    answer_on_behalf({"juliet@capulet.lit", "tybalt@verona.lit"});
    entity->set_domains({"verona.lit"});
    judge.answer_held();
    reply(take("verona.lit", "answer"), "");
    expect_nothing_sent();
    expect_outcomes({"lost", "answered"});
}

BOOST_AUTO_TEST_CASE(a_page_on_others_behalf_does_not_outlive_the_entity)
{
    start_answering();
    answer_on_behalf({"juliet@capulet.lit"});
    entity.reset();
    judge.answer_held();
    expect_outcomes({});
}

// --- The end

// E28
BOOST_AUTO_TEST_CASE(the_stream_is_not_ended_before_asks_with_the_judge_are_answered)
{
    start_answering();
    ask(kAsked);
    ask(kAsked, "capulet.lit", "a2");
    entity->stop();
    entity->stop();
    expect_sent({"<presence type='unavailable'/>"});
    judge.answer_held();
    BOOST_TEST(channels.closes == 0);
    judge.answer_held();
    expect_sent({answered("a1", "c", "subscribed"), answered("a2", "c", "subscribed")});
    BOOST_TEST(channels.closes == 1);
    channels.turn();
    BOOST_TEST(events.failures == Strings{"closed"}, boost::test_tools::per_element());
    BOOST_TEST(clock.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(a_judge_that_takes_too_long_does_not_keep_the_stream_open)
{
    start_answering();
    ask(kAsked);
    entity->stop();
    clock.advance(Entity::kLeaveDeadline - 1ms);
    BOOST_TEST(channels.closes == 0);
    clock.advance(1ms);
    BOOST_TEST(channels.closes == 1);
    judge.answer_held();
    BOOST_TEST(channels.closes == 1);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_lost_while_it_waits_for_the_judge_is_not_opened_again)
{
    start_answering();
    ask(kAsked);
    entity->stop();
    channels.ended(Failure::Kind::lost);
    BOOST_TEST(events.failures == (Strings{"lost", "closed"}), boost::test_tools::per_element());
    BOOST_TEST(events.delay.count() == 0);
    BOOST_TEST(clock.waiting() == 0U);
    judge.answer_held();
    BOOST_TEST(channels.opens == 1);
}

// E28
BOOST_AUTO_TEST_CASE(asks_with_the_judge_are_answered_before_it_logs_in_again)
{
    start_answering();
    ask(kAsked);
    entity->set_domains({"capulet.lit", "montague.lit"});
    has_connector("montague.lit");
    refuse_list("forbidden", "montague.lit");
    BOOST_TEST(channels.closes == 0);
    judge.answer_held();
    expect_sent({"<presence type='unavailable'/>", answered("a1", "c", "subscribed")});
    BOOST_TEST(channels.closes == 1);
    channels.turn();
    clock.advance(1s);
    channels.opened(address);
    channels.sent.clear();
    entity->stop();
    expect_sent({"<presence type='unavailable'/>"});
}

BOOST_AUTO_TEST_SUITE_END()
