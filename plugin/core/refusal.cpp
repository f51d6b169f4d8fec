#include "plugin/core/refusal.h"

#include <utility>

namespace usher
{

tl::unexpected<Refusal> refused(Refusal::Kind kind, std::string text)
{
    return tl::unexpected(Refusal{kind, std::move(text)});
}

tl::unexpected<Refusal> not_stored(const std::string& error)
{
    return tl::unexpected(
        Refusal{Refusal::Kind::unavailable, "Nothing was changed: the store cannot be written.", error});
}

tl::unexpected<Refusal> not_read(const std::string& error)
{
    return tl::unexpected(Refusal{Refusal::Kind::unavailable, "The store cannot be read.", error});
}

}  // namespace usher
