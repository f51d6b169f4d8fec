#include "plugin/usherd/replaying.h"

#include <utility>

#include "plugin/core/saved_values.h"
#include "plugin/settings/reading_process.h"
#include "plugin/settings/setting_error.h"
#include "plugin/settings/writer.h"
#include "plugin/store/saved_settings.h"

namespace usher
{

namespace
{

using Kind = Refusal::Kind;

/// The settings of the request, as they would be in force after a reload.
Result<std::shared_ptr<const Settings>> would_be_in_force(const ReplayTask& task)
{
    auto read = read_settings_apart(task.request.path, {.stop = task.stop, .text = task.request.toml});
    if (!read) {
        std::string errors;
        for (const SettingError& error : read.error()) {
            errors += to_string(error) + "\n";
        }
        return refused(Kind::invalid, errors + task.request.path + " is not valid");
    }
    const auto saved = read_saved_settings(task.store_url);
    if (!saved) {
        return not_read(saved.error());
    }
    static_cast<void>(put_saved(*read, saved->settings));
    put_members(*read, task.members);
    make_ready(*read);
    return std::make_shared<const Settings>(*std::move(read));
}

}  // namespace

Result<Replay> replay_now(const ReplayTask& task)
{
    ReplayOrder order{task.request.filter, task.request.own_policies ? nullptr : task.settings};
    if (task.request.toml) {
        auto settings = would_be_in_force(task);
        if (!settings) {
            return tl::unexpected(std::move(settings.error()));
        }
        order.settings = *std::move(settings);
    } else if (task.request.changed) {
        order.compared_with = task.settings;
        order.settings = std::make_shared<const Settings>(task.request.changed());
    }
    auto done = replay(task.store_url, order, task.stop);
    if (!done) {
        return tl::unexpected(Refusal{Kind::unavailable, "The journal cannot be read.", done.error()});
    }
    return *std::move(done);
}

}  // namespace usher
