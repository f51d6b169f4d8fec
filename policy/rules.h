// An administrator's rules, and the index that finds the first one that matches without trying them all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/answer.h"
#include "policy/pattern.h"

namespace usher
{

/// `[[organization.rule]]`: requests from one of `from` to one of `to` get `answer`.
struct Rule {
    std::vector<Pattern> from;  ///< contacts
    std::vector<Pattern> to;    ///< users
    Answer answer = Answer::leave;
    std::uint32_t place = 0;  ///< its number among the organisation's rules, in file order, from 1
    std::uint32_t line = 0;   ///< its line in the settings file; 0 if it comes from elsewhere
};

/// Finds the first matching rule in a time that does not depend on the number of rules.
///
/// Patterns of both sides are numbered; every (from, to) pair of every rule is kept with the first rule that
/// has it. An address matches at most three patterns and one for each label of its domain, so a look-up is a
/// few probes for each side and one for each pair of patterns that exist. Memory grows with the pairs: the
/// settings bound them (`kMaxPairs`).
class RuleIndex
{
  public:
    /// Most (from, to) pairs over all rules of one organisation.
    static constexpr std::size_t kMaxPairs = 1'000'000;

    RuleIndex() = default;
    explicit RuleIndex(const std::vector<Rule>& rules);

    /// Index into `rules` of the first rule that matches, or `none`.
    [[nodiscard]] std::size_t first(const Address& contact, const Address& user) const;

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

  private:
    class Side
    {
      public:
        std::uint32_t number(const Pattern& pattern);
        /// Calls `visit` with the number of each pattern that matches `address`.
        template <typename Visit>
        void each_match(const Address& address, Visit visit) const;

      private:
        using Numbers = std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>>;

        std::uint32_t everybody_ = 0;  // 0: no such pattern
        Numbers subdomains_;
        Numbers domains_;
        Numbers addresses_;
        std::uint32_t last_ = 0;
    };

    Side from_;
    Side to_;
    std::unordered_map<std::uint64_t, std::uint32_t> first_of_pair_;
};

}  // namespace usher
