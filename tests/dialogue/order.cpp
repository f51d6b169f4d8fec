// A contact is told of the approval before any presence of the user (RFC 6121 section 3.1.5).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "stage.h"

namespace usher::test
{

namespace
{

constexpr int kUsers = 40;
constexpr int kContacts = 25;

}  // namespace

BOOST_AUTO_TEST_SUITE(order)

BOOST_DATA_TEST_CASE(presence_never_comes_before_subscribed, kLogins, login)
{
    UsherdOptions options;
    options.option = "all";
    UsherStage stage(login, options);
    std::string requests;
    std::vector<std::string> users;
    for (int i = 0; i < kUsers; ++i) {
        users.push_back(stage.enter("user" + std::to_string(i) + "@capulet.lit").address());
        requests += to(users.back(), "subscribe");
    }
    std::vector<WireClient*> contacts;
    for (int i = 0; i < kContacts; ++i) {
        contacts.push_back(
            &stage.enter("contact" + std::to_string(i) + (i % 2 == 0 ? "@capulet.lit" : "@montague.lit")));
    }
    for (WireClient* contact : contacts) {
        contact->send(requests);
    }
    std::vector<Matcher> wanted;
    for (const std::string& user : users) {
        wanted.push_back(presence("subscribed", user));
        wanted.push_back(presence("", user + "/wire"));
    }
    // Of all contacts at once: which of them a server serves first is its own affair.
    std::vector<Expectation> all;
    for (WireClient* contact : contacts) {
        all.push_back({contact, wanted});
    }
    expect_of_each(all);

    int approved = 0;
    int seen = 0;
    int too_early = 0;
    for (const WireClient* contact : contacts) {
        std::set<std::string> approving;
        for (const Element& stanza : contact->received()) {
            const std::string from = stanza.attribute("from");
            const std::string bare = from.substr(0, from.find('/'));
            if (is_presence(stanza, "subscribed")) {
                approved += approving.insert(bare).second ? 1 : 0;
            } else if (is_presence(stanza, "") && bare.starts_with("user")) {
                ++seen;
                too_early += approving.contains(bare) ? 0 : 1;
            }
        }
    }
    BOOST_TEST(approved == kUsers * kContacts);
    BOOST_TEST(seen >= kUsers * kContacts);
    BOOST_TEST(too_early == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
