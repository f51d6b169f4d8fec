#include "integration/requests/judge.h"

namespace usher
{

std::string_view name(Source source)
{
    switch (source) {
        case Source::asked:
            return "asked";
        case Source::waiting:
            return "waiting";
        case Source::roster:
            return "roster";
    }
    return "asked";
}

}  // namespace usher
