// An administrator's rules, and an index that finds the first matching one without trying all.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/answer.h"
#include "policy/indexed_list.h"
#include "policy/party.h"
#include "policy/pattern.h"

namespace usher
{

/// `[[organization.rule]]`: requests from one of `from` to one of `to` get `answer`.
struct Rule {
    std::vector<Pattern> from;  ///< contacts
    std::vector<Pattern> to;    ///< users
    Answer answer = Answer::leave;
    std::uint32_t place = 0;  ///< its number among the organisation's rules, from 1
    /// With `approve`: its approvals end so long after they were given, unless a person has made them their own. 0: they do not.
    std::chrono::seconds approved_for{0};
};

/// Finds the first matching rule in a time that does not depend on the number of rules.
///
/// The patterns of each side are numbered, and for each (from, to) pair of numbers the first rule with that
/// pair is stored. An address matches at most three patterns, plus one for each label of its domain and one for each of its
/// groups. So a look-up takes a few probes per side, and one for each combination of the patterns found. Memory grows with
/// the number of pairs, which the settings limit (`kMaxPairs`).
class RuleIndex
{
  public:
    /// The highest number of (from, to) pairs in all rules of one organisation.
    static constexpr std::size_t kMaxPairs = 1'000'000;

    RuleIndex() = default;
    explicit RuleIndex(const std::vector<Rule>& rules);

    /// Rules are added in the order of their numbers.
    void add(const std::vector<Pattern>& from, const std::vector<Pattern>& to, std::uint32_t number);

    /// The names of the groups that a party is in.
    using Groups = std::span<const std::string_view>;

    /// Index into `rules` of the first rule that matches, or `none`. Of a party that cannot be compared only
    /// the domain and the groups are looked at.
    [[nodiscard]] std::size_t first(const Party& contact, const Party& user, Groups groups_of_contact = {},
                                    Groups groups_of_user = {}) const;

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

  private:
    class Side
    {
      public:
        std::uint32_t number(const Pattern& pattern);
        /// Calls `visit` with the number of each pattern that matches `party`.
        template <typename Visit>
        void each_match(const Party& party, Groups groups, Visit visit) const;

      private:
        using Numbers = std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>>;

        std::uint32_t everybody_ = 0;  // 0: no such pattern
        Numbers subdomains_;
        Numbers domains_;
        Numbers addresses_;
        Numbers groups_;
        std::uint32_t last_ = 0;
    };

    Side from_;
    Side to_;
    std::unordered_map<std::uint64_t, std::uint32_t> first_of_pair_;
};

using RuleList = IndexedList<Rule, RuleIndex>;

}  // namespace usher
