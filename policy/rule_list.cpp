#include "policy/rule_list.h"

#include <stdexcept>
#include <utility>

namespace usher
{

RuleList::RuleList(std::initializer_list<Rule> rules)
    : shared_(std::make_shared<Shared>(Shared{rules, std::nullopt}))
{
}

const Rule& RuleList::at(std::size_t i) const
{
    if (i >= size()) {
        throw std::out_of_range("RuleList");
    }
    return shared_->rules[i];
}

void RuleList::push_back(Rule rule)
{
    if (!shared_) {
        shared_ = std::make_shared<Shared>();
    } else if (shared_.use_count() > 1) {
        shared_ = std::make_shared<Shared>(Shared{shared_->rules, std::nullopt});
    }
    shared_->rules.push_back(std::move(rule));
    shared_->index.reset();
}

const RuleIndex& RuleList::index() const
{
    static const RuleIndex kNone;
    if (!shared_) {
        return kNone;
    }
    if (!shared_->index) {
        shared_->index.emplace(shared_->rules);
    }
    return *shared_->index;
}

}  // namespace usher
