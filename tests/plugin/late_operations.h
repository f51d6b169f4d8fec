// Operations whose store answers when the test lets it.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "plugin/core/operations.h"

namespace usher::test
{

class LateOperations : public Operations
{
  public:
    using Operations::Operations;

    /// From now on the store does not answer.
    void hold_store() { held_ = true; }
    /// What the store was asked and has not answered.
    [[nodiscard]] std::size_t unanswered() const { return answers_.size(); }
    /// The store gives its answers, in order, and from now on at once.
    void release_store()
    {
        held_ = false;
        while (!answers_.empty()) {
            const auto next = std::move(answers_.front());
            answers_.pop_front();
            next();
        }
    }

  protected:
    void go_on(std::function<void()> next) override
    {
        if (held_) {
            answers_.push_back(std::move(next));
        } else {
            next();
        }
    }

  private:
    bool held_ = false;
    std::deque<std::function<void()>> answers_;
};

}  // namespace usher::test
