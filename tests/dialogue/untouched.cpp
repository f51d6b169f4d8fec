// Where Usher leaves requests to users, the server behaves as it does without Usher: the same random
// dialogue, everybody on `prompt`, gives each client the same stanzas.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <random>

#include "stage.h"
#include "transcript.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

namespace
{

constexpr int kSteps = 250;

const std::vector<std::string> kPeople = {"juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit",
                                          "romeo@montague.lit", "benvolio@montague.lit"};
const std::vector<std::string> kResources = {"balcony", "orchard"};

/// For more dialogues than a test run has time for: USHER_TEST_SEED=100 plays numbers 100 and 101.
unsigned first_seed()
{
    const char* seed = std::getenv("USHER_TEST_SEED");
    return seed != nullptr ? static_cast<unsigned>(std::stoul(seed)) : 1;
}

/// Who does what: a client, and a stanza; or nothing to send: the client comes or goes.
struct Step {
    std::size_t person;
    std::size_t resource;
    std::string stanza;
    std::string what;
};

/// The same seed gives the same steps. Who is offline comes online before doing anything.
std::vector<Step> random_dialogue(unsigned seed)
{
    std::mt19937 random(seed);
    const auto pick = [&](std::size_t below) { return random() % below; };  // the same with every library
    std::map<std::pair<std::size_t, std::size_t>, bool> online;
    std::vector<Step> steps;
    while (steps.size() < kSteps) {
        Step step{pick(kPeople.size()), pick(kResources.size()), {}, {}};
        const std::string who = kPeople[step.person] + "/" + kResources[step.resource];
        bool& is_online = online[{step.person, step.resource}];
        const std::size_t dice = pick(20);
        if (!is_online || dice == 0) {
            step.what = who + (is_online ? " goes" : " comes");
            is_online = !is_online;
        } else if (dice == 1) {
            step.stanza =
                "<presence><show>" + std::string(pick(2) == 0 ? "away" : "chat") + "</show></presence>";
        } else {
            // Requests most, so that there is something to answer; sometimes to oneself.
            const std::string type = std::vector<std::string>{"subscribe", "subscribe", "subscribed",
                                                              "unsubscribe", "unsubscribed"}[pick(5)];
            std::string other = kPeople[pick(kPeople.size())];
            if (pick(8) == 0) {
                other += "/balcony";
            }
            step.stanza =
                "<presence type='" + type + "' to='" + other + "'>" +
                (type == "subscribe" ? "<status>request " + std::to_string(steps.size()) + "</status>" : "") +
                "</presence>";
        }
        if (step.what.empty()) {
            step.what = who + " sends " + step.stanza;
        }
        steps.push_back(step);
    }
    return steps;
}

std::string bare(const std::string& address)
{
    return address.substr(0, address.find('/'));
}

/// Whom a stanza is about: the contact of a roster push, the sender of anything else.
std::string counterpart(const Element& stanza)
{
    const Element* query = stanza.child("query", "jabber:iq:roster");
    if (query != nullptr && stanza.attribute("type") == "set") {
        return query->children.front().attribute("jid");
    }
    return bare(stanza.attribute("from"));
}

/// What of the order of stanzas is the same every time.
enum class Order { of_arrival, by_contact, none };

/// Servers keep rosters and sessions in hash tables, whose order differs from process to process. So what one
/// login causes is compared contact by contact, and the presence of one contact's resources in any order.
std::string comparable(std::vector<Element> received, Order order)
{
    for (Element& stanza : received) {
        for (auto& [name, value] : stanza.attributes) {
            // Prosody 0.12 delivers a request to a full address, at the next login, to that address until it
            // is restarted, and to the account afterwards. Usher's server does the latter from the beginning.
            if (is_presence(stanza, "subscribe") && name == "to") {
                value = bare(value);
            }
        }
    }
    if (order == Order::none) {
        std::sort(received.begin(), received.end(),
                  [](const Element& a, const Element& b) { return normalised(a) < normalised(b); });
        return transcript(received);
    }
    if (order == Order::by_contact) {
        std::stable_sort(received.begin(), received.end(),
                         [](const Element& a, const Element& b) { return counterpart(a) < counterpart(b); });
    }
    for (auto begin = received.begin(); begin != received.end();) {
        const auto end = std::find_if_not(begin, received.end(), [&](const Element& stanza) {
            return (is_presence(stanza, "") || is_presence(stanza, "unavailable")) &&
                   counterpart(stanza) == counterpart(*begin);
        });
        std::stable_sort(begin, end, [](const Element& a, const Element& b) {
            return a.attribute("from") < b.attribute("from");
        });
        begin = end == begin ? begin + 1 : end;
    }
    return transcript(received);
}

/// For each step, what each client received.
std::vector<std::string> play(const std::vector<Step>& steps, Stage& stage)
{
    std::vector<std::vector<WireClient*>> clients;
    for (const std::string& address : kPeople) {
        stage.server().add_account(address);
        clients.emplace_back();
        for (const std::string& resource : kResources) {
            clients.back().push_back(&stage.client(address, resource));
        }
    }
    const auto order_after = [&](const Step& step) {
        if (!stage.server().manners().keeps_order_across_sessions) {
            return Order::none;
        }
        return step.stanza.empty() ? Order::by_contact : Order::of_arrival;
    };
    std::vector<std::string> result;
    for (const Step& step : steps) {
        WireClient& client = *clients[step.person][step.resource];
        if (!step.stanza.empty()) {
            client.send(step.stanza);
        } else if (client.open()) {
            client.disconnect();
        } else {
            client.connect();
            client.appear();
        }
        stage.round_trip();
        stage.settle();
        stage.round_trip();
        std::string seen = step.what + "\n";
        for (const auto& of_person : clients) {
            for (WireClient* each : of_person) {
                if (!each->received().empty()) {
                    seen +=
                        each->full_address() + ":\n" + comparable(each->take_received(), order_after(step));
                }
            }
        }
        result.push_back(seen);
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(untouched)

BOOST_DATA_TEST_CASE(random_dialogue_is_the_same_with_usher, bdata::xrange(first_seed(), first_seed() + 2),
                     seed)
{
    UsherdOptions options;
    options.organization = "approve_contacts_users_asked_for = false\n";
    const std::vector<Step> steps = random_dialogue(seed);
    Stage without;
    const std::vector<std::string> expected = play(steps, without);
    for (const Login login : {Login::account, Login::component}) {
        UsherStage with(login, options);
        const std::vector<std::string> actual = play(steps, with);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            BOOST_TEST_REQUIRE(actual[i] == expected[i], "step " << i << " of seed " << seed << " as "
                                                                 << login << "\nwith Usher: " << actual[i]
                                                                 << "without: " << expected[i]);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
