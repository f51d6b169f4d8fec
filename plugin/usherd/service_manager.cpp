#include "plugin/usherd/service_manager.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace usher
{

void ServiceManager::extend_start()
{
    sd_notify(0, "EXTEND_TIMEOUT_USEC=3600000000");
}

void ServiceManager::ready() const
{
    sd_notify(0, "READY=1");
}

void ServiceManager::reloading() const
{
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(clock_.now().time_since_epoch());
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", static_cast<long long>(now.count()));
}

void ServiceManager::stopping() const
{
    sd_notify(0, "STOPPING=1");
}

void ServiceManager::show(const std::string& status)
{
    if (status != status_) {
        status_ = status;
        sd_notify(0, ("STATUS=" + status).c_str());
    }
}

void ServiceManager::notify_watchdog()
{
    std::uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0) {
        return;
    }
    sd_notify(0, "WATCHDOG=1");
    watchdog_ = clock_.after(
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds(microseconds / 2)),
        [this] { notify_watchdog(); });
}

}  // namespace usher
