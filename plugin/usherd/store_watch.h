// What the store needs while usherd runs: checkpoints, a look whether it is still there, and trying it after it has failed.
#pragma once

#include <functional>
#include <memory>

#include "integration/base/clock.h"
#include "plugin/core/policy_in_force.h"
#include "plugin/store/database.h"
#include "plugin/store/lost_records.h"

namespace usher
{

class StoreWatch
{
  public:
    /// All must outlive the object. `writable_again` is called when the store can be written after await().
    StoreWatch(Database& database, PolicyInForce& policy, LostRecords& lost_records, Clock& clock,
               std::function<void()> writable_again);

    void begin();
    /// Something could not be recorded: tries regularly whether the store can be written.
    void await();

  private:
    void tried(bool writable);
    void look();
    void look_at_settings();
    void keep_policy();
    void checkpoint();

    Database& database_;
    PolicyInForce& policy_;
    LostRecords& lost_records_;
    Clock& clock_;
    std::function<void()> writable_again_;
    std::unique_ptr<Timer> awaiting_;  // null unless it is to be tried
    std::unique_ptr<Timer> next_look_;
    std::unique_ptr<Timer> next_look_at_settings_;
    std::unique_ptr<Timer> next_keeping_;
    std::unique_ptr<Timer> next_checkpoint_;
};

}  // namespace usher
