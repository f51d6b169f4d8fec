// S36, S37: Usher answers as the user would have: both rosters end where RFC 6121 Appendix A puts them, and
// each side receives what the same dialogue gives on a server without Usher, where the user's client answers
// by hand, less two stanzas that a decided request does not need: the prompt and the acknowledgement of
// receipt.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "rfc6121.h"
#include "slixmpp_client.h"
#include "stage.h"
#include "transcript.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

enum class Answer { approve, deny, leave };
/// What is between the two before the contact asks, in the user's words of RFC 6121 Appendix A.1.
enum class Before { none, pending_out, to };

/// Where Appendix A puts the two: for the contact "subscribe" sent (A.2.1) and the answer received (A.3.3,
/// A.3.4); for the user "subscribe" received (A.3.1) and the answer sent (A.2.3, A.2.4).
struct Appendix {
    Before before;
    Answer answer;
    State user;
    State contact;
};
const Appendix kAppendix[] = {
    {Before::none, Answer::approve, kFrom, kTo},
    {Before::none, Answer::deny, kNone, kNone},
    {Before::none, Answer::leave, kNoneIn, kNoneOut},
    {Before::pending_out, Answer::approve, kFromOut, kToIn},
    {Before::pending_out, Answer::deny, kNoneOut, kNoneIn},
    {Before::pending_out, Answer::leave, kNoneOutIn, kNoneOutIn},
    {Before::to, Answer::approve, kBoth, kBoth},
    {Before::to, Answer::deny, kTo, kFrom},
    {Before::to, Answer::leave, kToIn, kFromOut},
};

struct Case {
    std::string user;
    std::string contact;
    Before before;
    bool contact_online;  ///< else gone right after the request
    bool user_online;
    Answer answer;

    friend std::ostream& operator<<(std::ostream& out, const Case& c)
    {
        return out << c.contact << " to " << c.user;
    }
};

/// Each case has its own people, whose names say what it is.
std::vector<Case> all_cases()
{
    std::vector<Case> cases;
    for (const std::string domain : {"capulet.lit", "montague.lit"}) {
        for (const auto& [answer, answer_name] :
             {std::pair{Answer::approve, "approved"}, {Answer::deny, "denied"}, {Answer::leave, "left"}}) {
            const auto add = [&](const std::string& name, Before before, bool contact_online,
                                 bool user_online) {
                const std::string stem =
                    name + "-" + answer_name + (domain == "capulet.lit" ? "-local" : "-far");
                cases.push_back({"user-" + stem + "@capulet.lit", "contact-" + stem + "@" + domain, before,
                                 contact_online, user_online, answer});
            };
            add("both-online", Before::none, true, true);
            add("user-offline", Before::none, true, false);
            add("contact-offline", Before::none, false, true);
            add("both-offline", Before::none, false, false);
            add("asked-too", Before::pending_out, true, true);
            add("seen-already", Before::to, true, true);
        }
    }
    return cases;
}

UsherdOptions rules_for(const std::vector<Case>& cases)
{
    UsherdOptions options;
    for (const auto& [answer, word] :
         {std::pair{Answer::approve, "approve"}, {Answer::deny, "deny"}, {Answer::leave, "leave"}}) {
        std::vector<std::string> contacts;
        for (const Case& c : cases) {
            if (c.answer == answer) {
                contacts.push_back(c.contact);
            }
        }
        options.organization += rule(contacts, word);
    }
    return options;
}

/// What one of the two received: from the request on, and at the next login.
struct Received {
    std::vector<Element> dialogue;
    std::vector<Element> next_login;
};
struct Outcome {
    Received user;
    Received contact;
    State user_state;
    State contact_state;
};

enum class Answerer { usher, user };

/// One case on one stage.
Outcome play(const Case& c, Stage& stage, Answerer answerer, SlixmppDriver& driver)
{
    stage.server().add_account(c.user);
    stage.server().add_account(c.contact);
    SlixmppClient user(driver, stage.server().client_port(), c.user);
    SlixmppClient contact(driver, stage.server().client_port(), c.contact);
    std::vector<Client*> present;
    const auto enter = [&](Client& client) {
        client.connect();
        client.appear();
        present.push_back(&client);
        stage.settle();
        round_trip(present);
    };
    const auto leave = [&](Client& client) {
        client.disconnect();
        std::erase(present, &client);
        round_trip(present);
    };

    enter(contact);
    if (c.user_online) {
        enter(user);
    }
    if (c.before != Before::none) {
        user.send(to(c.contact, "subscribe"));
        contact.expect(presence("subscribe", c.user));
        if (c.before == Before::to) {
            contact.send(to(c.user, "subscribed"));
        }
        round_trip(present);
    }
    user.take_received();
    contact.take_received();

    const std::string request =
        "<presence type='subscribe' to='" + c.user + "'><status>Please &lt;3</status></presence>";
    if (c.contact_online) {
        contact.send(request);
    } else {
        contact.send_and_leave(request);
        std::erase(present, &contact);
    }
    round_trip(present);
    stage.settle();
    if (answerer == Answerer::user && c.answer != Answer::leave) {
        const std::string answer = to(c.contact, c.answer == Answer::approve ? "subscribed" : "unsubscribed");
        if (c.user_online) {
            user.send(answer);
        } else {
            // An answer without becoming available: that is how it looks when the user is offline.
            WireClient by_hand(stage.server().client_port(), c.user, "by-hand");
            by_hand.connect();
            by_hand.send_and_leave(answer);
        }
    }
    round_trip(present);

    Outcome outcome;
    for (Client* client : std::vector<Client*>(present)) {
        leave(*client);
    }
    outcome.user.dialogue = user.take_received();
    outcome.contact.dialogue = contact.take_received();
    enter(contact);
    enter(user);
    outcome.user.next_login = user.take_received();
    outcome.contact.next_login = contact.take_received();
    outcome.user_state = state_at_login(outcome.user.next_login, c.contact);
    outcome.contact_state = state_at_login(outcome.contact.next_login, c.user);
    if (!stage.server().manners().keeps_order_across_sessions) {
        for (std::vector<Element>* received : {&outcome.user.next_login, &outcome.contact.next_login}) {
            std::stable_sort(received->begin(), received->end(), [](const Element& a, const Element& b) {
                return a.attribute("from") < b.attribute("from");
            });
        }
    }
    leave(contact);
    leave(user);
    return outcome;
}

/// Both stages of one login kind, shared by its cases.
struct Stages {
    explicit Stages(Login login) : with_usher(login, rules_for(all_cases())) { current = this; }
    ~Stages() { current = nullptr; }

    SlixmppDriver driver;
    Stage without_usher;
    UsherStage with_usher;

    static Stages* current;
};
Stages* Stages::current = nullptr;

void check(const Case& c)
{
    Stages& stages = *Stages::current;
    Outcome by_hand = play(c, stages.without_usher, Answerer::user, stages.driver);
    const Outcome by_usher = play(c, stages.with_usher, Answerer::usher, stages.driver);

    const auto expected = std::find_if(std::begin(kAppendix), std::end(kAppendix), [&](const Appendix& row) {
        return row.before == c.before && row.answer == c.answer;
    });
    BOOST_TEST(by_usher.user_state == expected->user);
    BOOST_TEST(by_usher.contact_state == expected->contact);

    if (c.answer != Answer::leave) {
        std::erase_if(by_hand.user.dialogue, presence("subscribe", c.contact).matches);
    }
    if (c.answer != Answer::leave || !c.contact_online) {
        // Acknowledged when it is decided that the user has to answer: too late for a contact who has left.
        std::erase_if(by_hand.contact.dialogue, presence("unavailable", c.user).matches);
    }
    for (Element& stanza : by_hand.contact.dialogue) {
        if (is_presence(stanza, "subscribed") || is_presence(stanza, "unsubscribed")) {
            stanza.remove_attribute("xml:lang");  // of the user's client; the answer has no words
        }
    }
    BOOST_TEST(transcript(by_usher.user.dialogue) == transcript(by_hand.user.dialogue));
    BOOST_TEST(transcript(by_usher.contact.dialogue) == transcript(by_hand.contact.dialogue));
    BOOST_TEST(transcript(by_usher.user.next_login) == transcript(by_hand.user.next_login));
    BOOST_TEST(transcript(by_usher.contact.next_login) == transcript(by_hand.contact.next_login));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(case_matrix)

BOOST_AUTO_TEST_SUITE(account, *boost::unit_test::fixture<Stages>(Login::account))
BOOST_DATA_TEST_CASE(ends_as_if_answered_by_hand, bdata::make(all_cases()), c)
{
    check(c);
}
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(component, *boost::unit_test::fixture<Stages>(Login::component))
BOOST_DATA_TEST_CASE(ends_as_if_answered_by_hand, bdata::make(all_cases()), c)
{
    check(c);
}
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
