#include "plugin/usherd/settings_reload.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "plugin/settings/group_members.h"
#include "plugin/settings/reading_process.h"
#include "plugin/settings/writer.h"

namespace usher
{

namespace
{

Result<std::vector<std::string>> failed(Refusal::Kind kind, const std::string& why)
{
    const std::string text = why + ": the previous settings stay in force";
    spdlog::error("{}", text.substr(text.rfind('\n') + 1));
    return tl::unexpected(Refusal{kind, text});
}

}  // namespace

SettingsReload::SettingsReload(std::string path, PolicyInForce& policy, MembersInForce& members,
                               Worker& worker, ServiceManager& service_manager, Follow follow)
    : path_(std::move(path)),
      policy_(policy),
      members_(members),
      worker_(worker),
      service_manager_(service_manager),
      follow_(std::move(follow))
{
}

void SettingsReload::reload(Callback<std::vector<std::string>> then)
{
    waiting_.push_back(std::move(then));
    if (!reading_) {
        begin();
    }
}

void SettingsReload::begin()
{
    service_manager_.reloading();
    reading_ = std::make_shared<ReadSettings>();
    served_ = std::exchange(waiting_, {});
    worker_.run(
        [path = path_, stop = worker_.stop_descriptor(), reading = reading_, members = members_.known()] {
            try {
                *reading = read_settings_apart(path, {.stop = stop});
                if (*reading) {
                    put_members(**reading, members);
                    make_ready(**reading);
                }
            } catch (const std::exception& problem) {  // there is not enough memory, for example
                *reading = tl::unexpected(std::vector{SettingError{
                    path, 0, {}, std::string("what cannot be read: ") + problem.what(), "a smaller file"}});
            }
        },
        [this] { file_was_read(); });
}

void SettingsReload::file_was_read()
{
    if (stopping_) {
        return;
    }
    if (!*reading_) {
        end(not_valid(reading_->error()));
        return;
    }
    members_.put_into(
        std::shared_ptr<Settings>(reading_, &**reading_), [this](const tl::expected<void, std::string>& put) {
            if (!put) {
                end(failed(Refusal::Kind::unavailable, put.error()));
                return;
            }
            before_ = policy_.file();
            policy_.set_file(**reading_, [this](const auto& stored) { policy_was_stored(stored); });
        });
}

void SettingsReload::policy_was_stored(const tl::expected<void, std::string>& stored)
{
    if (stopping_) {
        return;
    }
    if (!stored) {
        end(failed(Refusal::Kind::unavailable, "the store cannot be written (" + stored.error() + ")"));
        return;
    }
    auto on_restart = follow_(**reading_);
    spdlog::info("{} read again: settings generation {} in force", path_, policy_.policy()->generation());
    **reading_ = std::exchange(before_, {});
    end(std::move(on_restart));
}

void SettingsReload::end(const Result<std::vector<std::string>>& outcome)
{
    // To destroy what is no longer in force takes time, too.
    worker_.run([gone = std::exchange(reading_, nullptr)] {}, [] {});
    service_manager_.ready();
    for (const auto& then : std::exchange(served_, {})) {
        then(outcome);
    }
    if (!waiting_.empty()) {
        begin();
    }
}

Result<std::vector<std::string>> SettingsReload::not_valid(const std::vector<SettingError>& found) const
{
    std::string errors;
    for (const SettingError& error : found) {
        spdlog::error("{}", to_string(error));
        errors += to_string(error) + "\n";
    }
    return failed(Refusal::Kind::invalid, errors + path_ + " is not valid");
}

}  // namespace usher
