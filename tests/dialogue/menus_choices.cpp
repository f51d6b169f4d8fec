// What is decided, for every option, user and contact.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "menus.h"

namespace bdata = boost::unit_test::data;

namespace usher::test
{

BOOST_AUTO_TEST_SUITE(menus)

struct Case {
    std::string option;
    bool user_online;
    bool colleague;
    bool approved;

    [[nodiscard]] std::string name() const
    {
        return option + (user_online ? "-online" : "-offline") + (colleague ? "-colleague" : "-stranger");
    }
    friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name(); }
};
const Case kCases[] = {
    {"all", true, true, true},           {"all", true, false, true},
    {"all", false, true, true},          {"all", false, false, true},
    {"organization", true, true, true},  {"organization", true, false, false},
    {"organization", false, true, true}, {"organization", false, false, false},
    {"prompt", true, true, false},       {"prompt", true, false, false},
    {"prompt", false, true, false},      {"prompt", false, false, false},
};

/// One stage for all of them: each case has its own people.
struct Choosers {
    Choosers() : stage(Login::component, settings(true, "organization")) { current = this; }
    ~Choosers() { current = nullptr; }

    UsherStage stage;
    static Choosers* current;
};
Choosers* Choosers::current = nullptr;

BOOST_AUTO_TEST_SUITE(choices, *boost::unit_test::fixture<Choosers>())
BOOST_DATA_TEST_CASE(the_choice_decides, bdata::make(kCases), c)
{
    UsherStage& stage = Choosers::current->stage;
    const std::string user_address = "user-" + c.name() + "@capulet.lit";
    const std::string contact_address =
        "contact-" + c.name() + (c.colleague ? "@capulet.lit" : "@montague.lit");
    WireClient& user = stage.enter(user_address);
    BOOST_TEST(run(user, menus_of(Login::component), "options", {{"option", c.option}}).outcome() ==
               "completed");
    if (!c.user_online) {
        user.disconnect();
    }
    WireClient& contact = stage.enter(contact_address);
    contact.send(to(user_address, "subscribe"));
    if (c.approved) {
        contact.expect(presence("subscribed", user_address));
    }
    stage.settle();
    if (!c.user_online) {
        user.connect();
        user.appear();
    }
    if (!c.approved) {
        user.expect(presence("subscribe", contact_address));
    }
    stage.round_trip();
    BOOST_TEST(contact.has_received(presence("subscribed", user_address)) == c.approved);
    BOOST_TEST(user.has_received(presence("subscribe", contact_address)) == !c.approved);
    BOOST_TEST(item_in(contact.roster(), user_address) == (c.approved ? "to" : "none ask"));
    BOOST_TEST(item_in(user.roster(), contact_address) == (c.approved ? "from" : ""));
    user.disconnect();
    contact.disconnect();
}
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()

}  // namespace usher::test
