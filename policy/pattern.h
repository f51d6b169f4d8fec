// What a rule or a list of domains may name, and sets of them with look-up in constant time.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "policy/address.h"

namespace usher
{

/// Lets a table of strings be searched with a view, without a copy.
struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept
    {
        return std::hash<std::string_view>()(text);
    }
};

/// One entry of a rule's `from` or `to`, or of a group's `members`, prepared.
struct Pattern {
    enum class Kind {
        everybody,   ///< `*`
        subdomains,  ///< `*.corp.example`: any depth below, not corp.example itself; `text` is `corp.example`
        domain,      ///< `corp.example`: every address of exactly this domain, and the bare domain itself
        address,     ///< `juliet@capulet.lit`: this address
        group,       ///< `group:sales`: whoever is in the group of that name (groups.h)
    };

    Kind kind;
    std::string text;  ///< without the `*.` or `group:`; empty for `everybody`

    /// Reads and prepares one entry. Empty if it is none of these kinds. Not accepted are `*@domain`, a
    /// `*` anywhere but in front, and an address with a resource.
    [[nodiscard]] static std::optional<Pattern> read(std::string_view text);

    friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// Whether a group may have this name: letters, digits, `-`, `_`, `.`, and what is not ASCII. Names are compared as they are.
[[nodiscard]] bool is_group_name(std::string_view name);

/// The pattern as it is written in the configuration.
[[nodiscard]] std::string to_string(const Pattern& pattern);

/// A set of domains and `*.`-patterns. A look-up costs one probe, plus one for each label if there are
/// patterns.
class DomainSet
{
  public:
    /// `pattern` is of kind `domain` or `subdomains`.
    void insert(const Pattern& pattern);
    [[nodiscard]] bool contains(std::string_view domain) const;
    [[nodiscard]] bool empty() const { return exact_.empty() && below_.empty(); }
    /// All patterns, without duplicates, in alphabetical order of `text`.
    [[nodiscard]] std::vector<Pattern> patterns() const;

  private:
    std::unordered_set<std::string, StringHash, std::equal_to<>> exact_;
    std::unordered_set<std::string, StringHash, std::equal_to<>> below_;
};

/// Calls `visit(parent)` for every domain above `domain`, nearest first, until it returns true.
/// `a.b.example`: `b.example`, `example`.
template <typename Visit>
bool any_parent(std::string_view domain, Visit visit)
{
    for (std::size_t dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.')) {
        domain.remove_prefix(dot + 1);
        if (visit(domain)) {
            return true;
        }
    }
    return false;
}

}  // namespace usher
