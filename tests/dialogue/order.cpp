// A contact is told of the approval before any presence of the user (RFC 6121 section 3.1.5).
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "progress.h"
#include "stage.h"

namespace usher::test
{

namespace
{

constexpr int kUsers = 40;
constexpr int kContacts = 25;

std::size_t count_in(const std::string& text, std::string_view part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

/// Returns when the daemon has approved so many. Prosody acts on everything that it has read before it writes to
/// anybody, which is more than a minute's work on a busy machine: meanwhile only its log shows that it is at it.
void wait_for_approvals(UsherStage& stage, const std::vector<Client*>& clients, std::size_t number)
{
    constexpr std::size_t kWork = 10'000;  // bytes; the daemon's pings cause a few hundred a minute
    Progress approvals("approvals in the daemon's log", number);
    std::size_t counted = 0;
    for (;;) {
        approvals.reached(count_in(stage.usherd().log_text(), ": approve for "));
        if (approvals.complete()) {
            return;
        }
        if (const std::size_t logged = stage.server().log_text().size(); logged >= counted + kWork) {
            counted = logged;
            approvals.goes_on();
        }
        approvals.check();
        const Deadline pause = within(std::chrono::milliseconds(200));
        while (take_in(clients, pause)) {
            approvals.goes_on();
        }
    }
}

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
    wait_for_approvals(stage, {contacts.begin(), contacts.end()}, std::size_t{kUsers} * kContacts);
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
