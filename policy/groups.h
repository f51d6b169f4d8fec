// Groups of people that rules name, and an index that finds all groups of an address without trying all.
//
// Not here: what a group means for a rule (rules.h), and names that no group has, or groups within themselves, which the
// settings do not let pass. Here the former are empty, and the latter do no harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/address.h"
#include "policy/indexed_list.h"
#include "policy/party.h"
#include "policy/pattern.h"

namespace usher
{

/// `[[organization.group]]`: rules name it `group:NAME`.
struct Group {
    std::string name;
    std::vector<Pattern> members;  ///< may name other groups
    /// What names the members in a directory, a filter (RFC 4515) or the name of a group there (RFC 4514); empty: nothing.
    std::string ldap = {};

    // Members from outside the settings, such as a directory's. They are no part of the policy's text.

    std::vector<Address> from_outside = {};
    /// False while they are not known: then anybody may be in the group, besides those of whom it is known.
    bool complete = true;
};

/// Finds the groups of a party in a time that does not depend on the numbers of groups and members: a look-up takes a probe
/// for the address, its domain, and each domain above it, and for each group that the party is in a step for each group that
/// this one is in.
class GroupIndex
{
  public:
    GroupIndex() = default;
    /// Refers to the groups: they must outlive the index, unchanged.
    explicit GroupIndex(const std::vector<Group>& groups);
    explicit GroupIndex(std::vector<Group>&&) = delete;

    /// The names of all groups that `party` is known to be in, directly or through others, each once. Of a party that cannot
    /// be compared only the domain is looked at. `from_outside` names groups that have it as a member besides.
    [[nodiscard]] std::vector<std::string_view> groups_of(
        const Party& party, const std::vector<std::string>& from_outside = {}) const;

    /// How `party` is known to be in the group `name`: that group, one of its members, and so on to one that has the party as
    /// a member itself. Empty if the party is not known to be in it.
    [[nodiscard]] std::vector<std::string_view> way_from(std::string_view name, const Party& party) const;

    /// The groups, each once, that have `party` among their members from outside.
    [[nodiscard]] std::vector<std::string_view> groups_from_outside(const Party& party) const;
    /// The groups whose members from outside are not known.
    [[nodiscard]] const std::vector<std::string_view>& unknown() const { return unknown_; }
    /// Whether any group has members from outside, known or not.
    [[nodiscard]] bool looks_outside() const { return looks_outside_; }

    /// False if somebody may be in the group, directly or through others, of whom that is not known.
    [[nodiscard]] bool is_complete(std::string_view name) const;
    [[nodiscard]] bool all_complete() const { return all_complete_; }

  private:
    using Number = std::uint32_t;
    using Members = std::unordered_multimap<std::string_view, Number>;

    struct Node {
        std::string_view name;
        std::vector<Number> within;  // the groups that have this one as a member
        bool complete = true;
    };
    /// A group that was found, and through which that was found before it.
    struct Found {
        Number group;
        std::size_t through;
    };

    void add(const Pattern& member, Number group);
    /// Each group of the party once, behind that through which it was found.
    [[nodiscard]] std::vector<Found> found(const Party& party,
                                           const std::vector<std::string>& from_outside = {}) const;

    std::vector<Node> nodes_;
    std::unordered_map<std::string_view, Number> numbers_;
    std::vector<Number> everybody_;  // the groups with `*`
    Members subdomains_;
    Members domains_;
    Members addresses_;
    Members from_outside_;
    std::vector<std::string_view> unknown_;
    bool looks_outside_ = false;
    bool all_complete_ = true;
};

/// What was known of two parties from outside the settings. With the policy's text, it says in which groups they are.
struct OutsideGroups {
    std::vector<std::string> of_contact;  ///< those that have the contact among their members from outside
    std::vector<std::string> of_user;
    std::vector<std::string> unknown;  ///< those whose members from outside are not known

    friend bool operator==(const OutsideGroups&, const OutsideGroups&) = default;
};

using GroupList = IndexedList<Group, GroupIndex>;

}  // namespace usher
