// Takes out of the store whom nobody may search for any more: what people wrote about themselves is not kept without need.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "integration/base/callback_scope.h"
#include "integration/base/clock.h"
#include "plugin/store/people.h"

namespace usher
{

class UnsearchedPeople
{
  public:
    /// At a time; some milliseconds, requests come in between.
    static constexpr std::size_t kPortion = 500;

    /// Both must outlive the object.
    UnsearchedPeople(StoredPeople& store, Clock& clock) : store_(store), clock_(clock) {}

    /// Forgets the people of all domains but these. What the store does not do now is done the next time.
    void forget_all_but(const std::vector<std::string>& domains);

  private:
    void look_behind(const std::string& domain);
    void forget(const std::string& domain);

    StoredPeople& store_;
    Clock& clock_;
    std::set<std::string, std::less<>> searched_;
    CallbackScope callbacks_;
    std::unique_ptr<Timer> next_portion_;
};

}  // namespace usher
