#include "plugin/text/utf8.h"

#include <unicode/utf8.h>

namespace usher
{

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"  // in ICU's macro
std::int32_t next_character(std::string_view text, std::size_t& at)
{
    const std::size_t begin = at;
    UChar32 c = 0;
    U8_NEXT(text.data(), at, text.size(), c);
    if (c < 0) {
        at = begin + 1;  // one byte, where ICU takes a cut-off character as a whole
    }
    return c;
}
#pragma GCC diagnostic pop

}  // namespace usher
