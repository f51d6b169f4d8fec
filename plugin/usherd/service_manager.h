// What usherd tells the service manager (sd_notify(3)). Without one nothing happens.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "integration/base/clock.h"

namespace usher
{

class ServiceManager
{
  public:
    explicit ServiceManager(Clock& clock) : clock_(clock) {}

    /// The store may be migrated at the start, which takes seconds for each million records: gives it an hour, so
    /// that the start is not ended halfway, again and again.
    static void extend_start();

    void ready() const;
    void reloading() const;
    void stopping() const;
    /// The line that `systemctl status` shows; sent if it has changed.
    void show(const std::string& status);
    /// From now on notifies the watchdog, if there is one, twice in each of its intervals, as long as the event loop
    /// turns.
    void notify_watchdog();

  private:
    Clock& clock_;
    std::string status_;
    std::unique_ptr<Timer> watchdog_;
};

}  // namespace usher
