#include "integration/people/person.h"

#include <algorithm>

#include "integration/base/trim.h"

namespace usher
{

namespace
{

bool is_continuation(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

}  // namespace

std::string person_field(std::string_view text)
{
    std::string kept;
    kept.reserve(std::min(text.size(), Person::kMaxField));
    for (std::size_t i = 0; i < text.size() && kept.size() <= Person::kMaxField; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 =
            byte == 0xc2U && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0U;
        if (c1) {
            ++i;
        } else if (byte >= 0x20U && byte != 0x7fU) {
            kept += text[i];
        }
    }
    if (kept.size() > Person::kMaxField) {
        std::size_t end = Person::kMaxField;
        while (end > 0 && is_continuation(kept[end])) {
            --end;
        }
        kept.resize(end);
    }
    return std::string(trimmed(kept));
}

}  // namespace usher
