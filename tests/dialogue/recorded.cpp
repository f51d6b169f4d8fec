// What the journal has of requests that come, or are found waiting, again and again: no more records than decisions,
// and no approval of what the server would not let in.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "servers.h"
#include "stage.h"
#include "usherctl.h"

namespace usher::test
{

namespace
{

using Json = nlohmann::json;

const std::string kTybalt = "tybalt@capulet.lit";

struct Recorded {
    Recorded(Login login, const UsherdOptions& options) : stage(login, options) {}

    /// The records of that contact's requests, when there are any.
    [[nodiscard]] std::vector<Json> records_of(const std::string& contact) const
    {
        std::vector<Json> records;
        for (const Deadline deadline = within(kPatience); records.empty() && remaining_ms(deadline) > 0;) {
            std::istringstream lines(usherctl.done({"journal", "--json", "--contact", contact}));
            for (std::string line; std::getline(lines, line);) {
                records.push_back(Json::parse(line));
            }
        }
        return records;
    }

    UsherStage stage;
    Usherctl usherctl{stage.usherd().directory() / "control.sock"};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded)

/// Denials do not fill the disk.
BOOST_DATA_TEST_CASE(a_stranger_who_is_denied_again_and_again_is_one_record, kLogins, login)
{
    constexpr int kTries = 60;
    UsherdOptions options;
    options.organization = rule({kRomeo}, "deny");
    Recorded scene(login, options);
    scene.stage.server().add_account(kJuliet);
    WireClient& romeo = scene.stage.enter(kRomeo);
    for (int i = 0; i < kTries; ++i) {
        romeo.send(to(kJuliet, "subscribe"));
        romeo.expect(presence("unsubscribed", kJuliet));
    }
    const std::vector<Json> records = scene.records_of(kRomeo);
    BOOST_TEST_REQUIRE(records.size() == 1U);
    BOOST_TEST(records[0]["answer"] == "deny");
    BOOST_TEST(records[0]["repeats"] == kTries - 1);
    BOOST_TEST(records[0]["outcome"].is_null());  // the server does not confirm what it has asked for
    const std::string shown = scene.usherctl.done({"journal"});
    BOOST_TEST(shown.find("  (59 more, last at ") != std::string::npos, shown);
}

/// S55: the user has blocked the contact's whole domain, which clears nothing that waits.
BOOST_DATA_TEST_CASE(a_request_that_would_be_refused_is_not_approved_at_each_reload, kLogins, login)
{
    constexpr int kReloads = 5;
    UsherdOptions options;
    options.users_may_choose = true;
    options.more = "[limits]\napprovals_per_user_per_hour = 1\n";
    Recorded scene(login, options);
    WireClient& romeo = scene.stage.enter(kRomeo);
    WireClient& juliet = scene.stage.enter(kJuliet);
    romeo.send(to(kJuliet, "subscribe"));
    juliet.expect(presence("subscribe", kRomeo));
    juliet.request("set", {}, "<block xmlns='urn:xmpp:blocking'><item jid='montague.lit'/></block>");
    scene.usherctl.done({"option", kJuliet, "all"});
    for (int i = 0; i < kReloads; ++i) {
        scene.usherctl.done({"reload"});
        scene.usherctl.done({"review", "--apply"});
    }
    for (const Json& record : scene.records_of(kRomeo)) {
        BOOST_TEST(record["answer"] == "leave", record.dump());
    }
    const std::string refused = scene.usherctl.refused({"answer", kJuliet, kRomeo, "approve"});
    BOOST_TEST(refused.find("No request of romeo@montague.lit waits") != std::string::npos, refused);
    // No approval was counted: this is the one that the limit lets through.
    WireClient& tybalt = scene.stage.enter(kTybalt);
    tybalt.send(to(kJuliet, "subscribe"));
    tybalt.expect(presence("subscribed", kJuliet));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
