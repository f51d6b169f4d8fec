// Arbitrary addresses.
#include "input.h"
#include "policy/address.h"

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
    if (const auto domain = prepare_domain(text)) {
        test::require(prepare_domain(*domain) == *domain, "a domain that is prepared stays as it is");
    }
    return 0;
}
