// What servers are to keep of users' messages (XEP-0313, XEP-0441): what an organisation wants there.
//
// Not here: how it is set for users (plugin/archive). No decision about a request depends on it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace usher
{

/// XEP-0441 `default`: which messages of an account are archived whose contact it has no preference for.
enum class Archiving {
    always,  ///< all
    roster,  ///< those with contacts in its roster
    never,   ///< none
};

inline constexpr std::array kArchivings{Archiving::always, Archiving::roster, Archiving::never};

/// `always`, `roster`, `never`.
[[nodiscard]] std::string_view name(Archiving archiving);
[[nodiscard]] std::optional<Archiving> archiving_named(std::string_view name);

/// What an organisation wants for its users' archives.
struct ArchiveWish {
    std::optional<Archiving> preference = {};  ///< nothing: `server`, users' preferences are not touched
    bool lock = false;                         ///< users cannot change it; only with a preference

    friend bool operator==(const ArchiveWish&, const ArchiveWish&) = default;
};

}  // namespace usher
