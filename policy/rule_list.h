// An organisation's rules with their index, shared by copies: of a hundred thousand rules nothing is copied.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <vector>

#include "policy/rules.h"

namespace usher
{

/// Copies share the rules until one of them is changed. Not for several threads at a time, copies included.
class RuleList
{
  public:
    RuleList() = default;
    RuleList(std::initializer_list<Rule> rules);

    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] std::size_t size() const { return shared_ ? shared_->rules.size() : 0; }
    [[nodiscard]] const Rule& operator[](std::size_t i) const { return shared_->rules[i]; }
    [[nodiscard]] const Rule& at(std::size_t i) const;
    void push_back(Rule rule);

    /// Made when it is asked for first.
    [[nodiscard]] const RuleIndex& index() const;

  private:
    struct Shared {
        std::vector<Rule> rules;
        std::optional<RuleIndex> index;
    };

    std::shared_ptr<Shared> shared_;  // null: no rules
};

}  // namespace usher
