// Arbitrary addresses.
#include "input.h"
#include "policy/party.h"

using namespace usher;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text = test::text_of(data, size);
    if (const auto address = Address::prepare(text)) {
        const auto again = Address::prepare(address->text());
        test::require(again && *again == *address, "an address that is prepared stays as it is");
        test::require(address->text().find('/') == std::string::npos, "a bare address has no resource");
        test::require(prepare_domain(address->domain()) == std::string(address->domain()),
                      "a prepared address has a prepared domain");
        test::require(address->text().size() <= 2047, "local part and domain have 1023 bytes each at most");
    }
    const Party party = Party::as_written(text);
    const std::string domain_of_party(party.domain());
    const bool known = domain_of_party.find("\xef\xbf\xbd") == std::string::npos;
    test::require(party.text() == text, "a server's text stays as it is");
    test::require(!known || prepare_domain(domain_of_party) == domain_of_party,
                  "a known domain can be compared");
    test::require(known || !party.is_prepared(), "an address that can be compared has a domain");
    if (const auto domain = prepare_domain(text)) {
        test::require(prepare_domain(*domain) == *domain, "a domain that is prepared stays as it is");
    }
    return 0;
}
