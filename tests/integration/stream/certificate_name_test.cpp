// Which certificates are for a domain with letters beyond ASCII (RFC 6125 sections 6.4.2 and 6.4.3).
#include "integration/stream/certificate_name.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

namespace
{

struct Case {
    std::string name;
    std::string certificate;
    std::string domain;
    bool named;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.name;
}

const Case kCases[] = {
    {"the_a_labels", "xn--bcher-kva.example", "b\u00fccher.example", true},
    {"in_any_case", "XN--Bcher-KVA.Example", "b\u00fccher.example", true},
    {"several_labels", "xn--bcher-kva.xn--bcher-kva.example", "b\u00fccher.b\u00fccher.example", true},
    {"the_u_labels_are_no_dns_name", "b\u00fccher.example", "b\u00fccher.example", false},
    {"another_domain", "xn--bcher-kva.test", "b\u00fccher.example", false},
    {"a_longer_name", "www.xn--bcher-kva.example", "b\u00fccher.example", false},
    {"a_shorter_name", "example", "b\u00fccher.example", false},
    {"a_wildcard_for_a_label", "*.xn--bcher-kva.example", "chat.b\u00fccher.example", true},
    {"a_wildcard_for_an_a_label", "*.chat.example", "b\u00fccher.chat.example", true},
    {"a_wildcard_for_no_label", "*.xn--bcher-kva.example", "b\u00fccher.example", false},
    {"a_wildcard_for_two_labels", "*.xn--bcher-kva.example", "a.b.b\u00fccher.example", false},
    {"a_wildcard_for_a_whole_zone", "*.example", "b\u00fccher.example", false},
    {"a_wildcard_in_a_label", "xn--bcher-*.example", "b\u00fccher.example", false},
    {"a_wildcard_in_the_middle", "chat.*.example", "chat.b\u00fccher.example", false},
    {"a_wildcard_alone", "*", "b\u00fccher.example", false},
    {"a_wildcard_and_a_dot", "*.", "b\u00fccher.example", false},
    {"no_name", "", "b\u00fccher.example", false},
    {"a_domain_in_ascii_is_for_the_tls_library", "capulet.lit", "capulet.lit", false},
    {"a_domain_that_cannot_be_converted", "xn--bcher-kva.example", "b\u00fccher\u200b..example", false},
    {"no_utf8", "xn--bcher-kva.example",
     "b\xfc"
     "cher.example",
     false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(certificate_name)

BOOST_DATA_TEST_CASE(names, boost::unit_test::data::make(kCases), c)
{
    BOOST_TEST(usher::names_international_domain(c.certificate, c.domain) == c.named);
}

BOOST_AUTO_TEST_SUITE_END()
