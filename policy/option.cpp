#include "policy/option.h"

#include <ostream>

namespace usher
{

std::string_view name(Option option)
{
    switch (option) {
        case Option::all:
            return "all";
        case Option::organization:
            return "organization";
        case Option::prompt:
            return "prompt";
    }
    return "prompt";
}

std::string_view sentence(Option option)
{
    switch (option) {
        case Option::all:
            return "Accept requests automatically from all contacts";
        case Option::organization:
            return "Accept requests automatically from contacts in my organization";
        case Option::prompt:
            return "Prompt me for each request";
    }
    return "Prompt me for each request";
}

std::optional<Option> option_named(std::string_view wanted)
{
    for (const Option option : kOptions) {
        if (name(option) == wanted) {
            return option;
        }
    }
    return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, Option option)
{
    return out << name(option);
}

}  // namespace usher
