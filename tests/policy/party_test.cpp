// What is known of an address that cannot be compared.
#include "policy/party.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

namespace bdata = boost::unit_test::data;
using usher::Party;

namespace
{

struct Case {
    const char* what;
    std::string text;
    std::string domain;
    bool is_prepared;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.what;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(party)

const Case kWritten[] = {
    {"account", "romeo@montague.lit", "montague.lit", true},
    {"bare_domain", "icq.montague.lit", "icq.montague.lit", true},
    {"domain_in_u_labels", "romeo@b\u00fccher.example", "b\u00fccher.example", true},

    {"upper_case", "Romeo@Montague.LIT", "montague.lit", false},
    {"heap_of_marks", "a\u0300\u0323\u0321@evil.test", "evil.test", false},
    {"prohibited_in_the_local_part", "a b@evil.test", "evil.test", false},
    {"folded_by_one_server_only", "\u33c6@evil.test", "evil.test", false},
    {"resource", "romeo@montague.lit/orchard", "montague.lit", false},
    {"no_local_part", "@evil.test", "evil.test", false},
    {"local_part_too_long", std::string(1024, 'a') + "@evil.test", "evil.test", false},

    {"final_dot", "eve@evil.test.", "evil.test", false},
    {"final_dot_of_a_bare_domain", "evil.test.", "evil.test", false},
    {"ideographic_dot", "eve@evil\u3002test", "evil.test", false},
    {"halfwidth_ideographic_dot", "eve@evil\uff61test", "evil.test", false},
    {"final_ideographic_dot", "eve@evil.test\u3002", "evil.test", false},
    {"fullwidth_dot", "eve@evil\uff0etest", "evil.test", false},
    {"a_label", "eve@xn--bcher-kva.example", "b\u00fccher.example", false},
    {"a_label_in_upper_case", "eve@shop.XN--BCHER-KVA.example", "shop.b\u00fccher.example", false},
    {"a_label_with_a_final_dot", "eve@xn--bcher-kva.example.", "b\u00fccher.example", false},

    // What cannot be prepared keeps what is above it, so that a rule for `*.evil.test` still looks at it.
    {"marks_in_the_domain", "eve@a\u0300\u0323\u0321.evil.test", "\ufffd.evil.test", false},
    {"space_in_the_domain", "eve@a b.evil.test", "\ufffd.evil.test", false},
    {"two_at", "eve@a@b.evil.test", "\ufffd.evil.test", false},
    {"a_label_of_nothing", "eve@xn--.evil.test", "\ufffd.evil.test", false},
    {"a_label_that_preparation_makes_another", "eve@xn--strae-oqa.evil.test", "\ufffd.evil.test", false},
    {"nothing_usable", "eve@a\u0300\u0323\u0321", "\ufffd", false},
    {"nothing", "", "\ufffd", false},
    {"dots_alone", "eve@..", "\ufffd", false},
};

BOOST_DATA_TEST_CASE(has_the_domain_it_leads_to, bdata::make(kWritten), c)
{
    const Party party = Party::as_written(c.text);
    BOOST_TEST(party.text() == c.text);
    BOOST_TEST(party.domain() == c.domain);
    BOOST_TEST(party.is_prepared() == c.is_prepared);
}

BOOST_AUTO_TEST_CASE(what_a_person_writes_is_read_unless_it_is_no_address)
{
    for (const std::string text :
         {"romeo@montague.lit", "Romeo@Montague.LIT", "icq.montague.lit", "a\u0300\u0323\u0321@evil.test",
          "eve@evil.test.", "eve@xn--bcher-kva.example"}) {
        const auto party = Party::read(text);
        BOOST_TEST_REQUIRE(party.has_value(), text);
        BOOST_TEST(party->text() == text);
    }
    for (const std::string text : {"", "@", "romeo@", "@montague.lit", "romeo@montague.lit/orchard",
                                   "a b@evil.test", "evil.test\n", "evil\xff.test"}) {
        BOOST_TEST(!Party::read(text), text);
    }
    BOOST_TEST(Party::read("Romeo@Montague.LIT")->prepared()->text() == "romeo@montague.lit");
    BOOST_TEST(!Party::read("eve@evil.test.")->prepared());
}

BOOST_AUTO_TEST_SUITE_END()
