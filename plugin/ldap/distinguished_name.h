// Distinguished names (RFC 4514), compared as directories do.
#pragma once

#include <optional>
#include <string>

namespace usher
{

/// The same text for every way to write one name: types and values without upper case (Unicode's case folding),
/// spaces at the ends left out and others as one, escapes as what they stand for, the parts of a relative name
/// sorted. Empty if it is no name.
///
/// Directories compare by the attribute's own rule, which distinguishes case for a few attributes that names are
/// hardly made of; and they know more names of an attribute (`cn`, `commonName`, `2.5.4.3`), but write one of them.
[[nodiscard]] std::optional<std::string> name_key(const std::string& dn);

/// The `name_key`, or the text as it is if it is no name.
[[nodiscard]] std::string key_of(const std::string& dn);

/// The name of the entry above it; empty if there is none, or it is no name.
[[nodiscard]] std::string parent_of(const std::string& dn);

/// What the entry with that `uid` is called there, where entries are named by it alone.
[[nodiscard]] std::string named_by_uid(const std::string& uid, const std::string& parent);

/// Whether the entry is named by its `uid` alone.
[[nodiscard]] bool is_named_by_uid(const std::string& dn);
/// That `uid`; empty if the entry is named otherwise.
[[nodiscard]] std::string uid_in_name(const std::string& dn);

}  // namespace usher
