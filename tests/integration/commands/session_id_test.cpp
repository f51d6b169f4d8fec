#include "integration/commands/session_id.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using usher::CommandSession;
using usher::SessionIds;

namespace
{

const std::string kJuliet = "juliet@capulet.lit/balcony";

struct Ids {
    std::string made(const std::string& basis = "1 all") const
    {
        return ids.make({kBegan, basis}, "options", kJuliet);
    }
    bool holds(const std::string& id, const std::string& node = "options",
               const std::string& requester = kJuliet) const
    {
        return ids.read(id, node, requester).has_value();
    }

    static constexpr std::chrono::system_clock::time_point kBegan{1'700'000'000'123ms};
    SessionIds ids{std::string(32, 'k')};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(session_id, Ids)

BOOST_AUTO_TEST_CASE(what_is_made_is_read)
{
    const SessionIds same(std::string(32, 'k'));
    for (const std::string basis : {"", "1 all", ".", "a.b.", "..", " ", "\u00fc"}) {
        const auto session = same.read(made(basis), "options", kJuliet);
        BOOST_TEST_REQUIRE(session.has_value(), basis);
        BOOST_TEST(session->basis == basis);
        BOOST_TEST((session->began == kBegan));
    }
    BOOST_TEST(made("").size() == 13U + 1 + 32 + 2 + 64);
}

BOOST_AUTO_TEST_CASE(ids_are_not_repeated)
{
    std::set<std::string> all;
    for (int i = 0; i < 100; ++i) {
        all.insert(made());
    }
    BOOST_TEST(all.size() == 100U);
}

BOOST_AUTO_TEST_CASE(an_altered_id_does_not_hold)
{
    const std::string id = made();
    for (std::size_t i = 0; i < id.size(); ++i) {
        std::string altered = id;
        altered[i] = id[i] == '0' ? '1' : '0';
        BOOST_TEST(!holds(altered), altered);
        BOOST_TEST(!holds(id.substr(0, i)), id.substr(0, i));
        BOOST_TEST(!holds(id.substr(i + 1)), id.substr(i + 1));
        BOOST_TEST(!holds(std::string(id).insert(i, ".")), std::string(id).insert(i, "."));
    }
    for (const std::string& other : {id + "0", id + ".", id + " ", " " + id, id + id, id + "." + id}) {
        BOOST_TEST(!holds(other), other);
    }
    for (const std::string nothing : {"", ".", "..", "...", "1.2.3."}) {
        BOOST_TEST(!holds(nothing), nothing);
    }
    BOOST_TEST(holds(id));
}

BOOST_AUTO_TEST_CASE(an_id_holds_for_one_command_one_client_and_one_key)
{
    const std::string id = made();
    BOOST_TEST(!holds(id, "general-im"));
    BOOST_TEST(!holds(id, ""));
    BOOST_TEST(!holds(id, "options", "juliet@capulet.lit/chamber"));
    BOOST_TEST(!holds(id, "options", "juliet@capulet.lit"));
    BOOST_TEST(!holds(id, "optionsjuliet", "@capulet.lit/balcony"));
    BOOST_TEST(!SessionIds(std::string(32, 'l')).read(id, "options", kJuliet));
}

BOOST_AUTO_TEST_CASE(a_short_key_is_refused)
{
    BOOST_CHECK_THROW(SessionIds(std::string(31, 'k')), std::invalid_argument);
    BOOST_CHECK_THROW(SessionIds(""), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
