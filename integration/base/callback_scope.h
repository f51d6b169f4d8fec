// Callbacks that are given away, and come back when their owner may be gone or has changed its mind.
#pragma once

#include <memory>
#include <utility>

namespace usher
{

/// Owned by whoever waits for the callbacks. Once it is destroyed, or after `forget`, those that it has bound do
/// nothing; so what they need of their owner is there when they run.
class CallbackScope
{
  public:
    CallbackScope() = default;
    CallbackScope(const CallbackScope&) = delete;
    CallbackScope& operator=(const CallbackScope&) = delete;

    /// Calls `callback` with the same arguments, as long as that is wanted. The callback may destroy the scope.
    template <typename Callback>
    [[nodiscard]] auto bind(Callback callback) const
    {
        return [wanted = std::weak_ptr(wanted_),
                callback = std::move(callback)]<typename... Arguments>(Arguments&&... arguments) mutable {
            if (!wanted.expired()) {
                callback(std::forward<Arguments>(arguments)...);
            }
        };
    }
    /// Whatever was bound before is not wanted any more.
    void forget() { wanted_ = std::make_shared<char>(); }

  private:
    std::shared_ptr<char> wanted_ = std::make_shared<char>();
};

}  // namespace usher
