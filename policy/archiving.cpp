#include "policy/archiving.h"

namespace usher
{

std::string_view name(Archiving archiving)
{
    switch (archiving) {
        case Archiving::always:
            return "always";
        case Archiving::roster:
            return "roster";
        case Archiving::never:
            break;
    }
    return "never";
}

std::optional<Archiving> archiving_named(std::string_view name_)
{
    for (const Archiving archiving : kArchivings) {
        if (name(archiving) == name_) {
            return archiving;
        }
    }
    return std::nullopt;
}

}  // namespace usher
