// Several daemons on one component domain: ejabberd's way to scale out. It spreads the asks over them, and
// one that falls does not stop the others.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>

#include "progress.h"
#include "servers.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

constexpr int kInstances = 4;
constexpr int kUsers = 40;
constexpr int kContacts = 50;

class Crowd : public Stage
{
  public:
    Crowd() : Stage(ScriptedStage::options({entity_address(Login::component)}))
    {
        UsherdOptions options;
        options.option = "all";
        options.more = "[limits]\napprovals_per_contact_per_hour = 0\n";
        for (int i = 0; i < kInstances; ++i) {
            instances.emplace_back(connection_to(server()), options);
            instances.back().start();
            instances.back().wait_until_answering();
        }
    }

    std::deque<Usherd> instances;
};

long count(const WireClient& client, const Matcher& wanted)
{
    return std::count_if(client.received().begin(), client.received().end(), wanted.matches);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(instances)

BOOST_AUTO_TEST_CASE(one_killed_under_load_loses_nothing)
{
    Crowd stage;
    std::string requests;
    std::vector<WireClient*> users;
    for (int i = 0; i < kUsers; ++i) {
        users.push_back(&stage.enter("user" + std::to_string(i) + "@capulet.lit"));
        requests += to(users.back()->address(), "subscribe");
    }
    std::vector<WireClient*> contacts;
    for (int i = 0; i < kContacts; ++i) {
        contacts.push_back(
            &stage.enter("contact" + std::to_string(i) + (i % 2 == 0 ? "@capulet.lit" : "@montague.lit")));
    }
    for (WireClient* contact : contacts) {
        contact->send(requests);
    }
    contacts.front()->expect(presence("subscribed", users.front()->address()));
    stage.instances.front().kill();

    // One last request per contact would not show that the ones before are settled: asks are answered in any
    // order here. So wait for what must come, and then for whatever else has been caused.
    Progress settled("requests that were approved or came to their users", kUsers * kContacts);
    while (!settled.complete() && !settled.stalled()) {
        stage.round_trip();
        std::size_t number = 0;
        for (const WireClient* contact : contacts) {
            for (const WireClient* user : users) {
                number += contact->has_received(presence("subscribed", user->address())) ||
                                  user->has_received(presence("subscribe", contact->address()))
                              ? 1
                              : 0;
            }
        }
        settled.reached(number);
    }
    BOOST_TEST(settled.complete(), settled.str());
    stage.round_trip();

    int prompted = 0;
    int twice = 0;
    for (const WireClient* contact : contacts) {
        for (const WireClient* user : users) {
            const long answers = count(*contact, presence("subscribed", user->address()));
            const long prompts = count(*user, presence("subscribe", contact->address()));
            prompted += prompts > 0 ? 1 : 0;
            twice += answers > 1 || prompts > 1 ? 1 : 0;
        }
    }
    BOOST_TEST(twice == 0);
    BOOST_TEST_MESSAGE(prompted << " of " << kUsers * kContacts << " requests came to their users");
    for (int i = 1; i < kInstances; ++i) {
        const Usherctl usherctl(stage.instances[static_cast<std::size_t>(i)].directory() / "control.sock");
        BOOST_TEST(!usherctl.done({"journal", "-n", "1"}).empty(), "instance " << i << " was asked nothing");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
