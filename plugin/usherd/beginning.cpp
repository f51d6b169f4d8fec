#include "plugin/usherd/beginning.h"

#include <event2/event.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "integration/base/event_clock.h"
#include "plugin/settings/reading_process.h"
#include "plugin/store/shared_secret.h"
#include "plugin/usherd/service_manager.h"

namespace usher
{

namespace
{

using std::chrono::milliseconds;

struct FreeEvent {
    void operator()(event* one) const { event_free(one); }
};

/// Asks the store for what usherd begins with. A server of PostgreSQL that cannot be used yet is waited for.
///
/// usherd counts as started meanwhile, because nobody knows how long that takes: neither who starts it nor the installation of
/// a package is to wait with it.
class Start
{
  public:
    enum class Outcome { done, stop, read_again };

    /// `loop` must outlive the object.
    explicit Start(event_base* loop) : loop_(loop), clock_(loop), service_manager_(clock_) {}
    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;

    /// The error is for people: waiting does not help.
    tl::expected<Outcome, std::string> ask(const std::function<void(StoreCallback<void>)>& ask,
                                           const Database& database)
    {
        if (database.dialect() == Dialect::postgresql) {
            watch_signals();
        }
        while (true) {
            std::optional<tl::expected<void, std::string>> outcome;
            ask([&outcome](const auto& given) { outcome = given; });
            turn_until([&outcome] { return outcome.has_value(); });
            if (asked_) {
                return *std::exchange(asked_, std::nullopt);
            }
            if (*outcome) {
                if (!shown_.empty()) {
                    spdlog::info("the store can be used");
                }
                return Outcome::done;
            }
            if (database.dialect() == Dialect::sqlite || database.unfit()) {
                return tl::unexpected(outcome->error());
            }
            show_waiting(outcome->error());
            bool waited = false;
            const auto timer = clock_.after(kRetryInterval, [&waited] { waited = true; });
            turn_until([&waited] { return waited; });
            if (asked_) {
                return *std::exchange(asked_, std::nullopt);
            }
        }
    }

    [[nodiscard]] const ServiceManager& service_manager() const { return service_manager_; }

  private:
    static constexpr milliseconds kRetryInterval{1'000};

    void watch_signals()
    {
        if (!watched_.empty()) {
            return;
        }
        for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
            watched_.emplace_back(evsignal_new(
                loop_, number,
                [](evutil_socket_t signal, short, void* self) noexcept {
                    auto& asked = static_cast<Start*>(self)->asked_;
                    if (asked != Outcome::stop) {
                        asked = signal == SIGHUP ? Outcome::read_again : Outcome::stop;
                    }
                },
                this));
            event_add(watched_.back().get(), nullptr);
        }
    }

    /// Or until a signal asks for something else.
    template <typename Condition>
    void turn_until(const Condition& is_met)
    {
        while (!is_met() && !asked_) {
            event_base_loop(loop_, EVLOOP_ONCE);
        }
    }

    void show_waiting(const std::string& why)
    {
        const std::string text = "waiting for the store, and requests are left to their users: " + why;
        if (std::exchange(shown_, text) == text) {
            return;
        }
        spdlog::error("{}", text);
        service_manager_.show(text);
        service_manager_.ready();
        service_manager_.notify_watchdog();
    }

    event_base* const loop_;
    EventClock clock_;
    ServiceManager service_manager_;
    std::vector<std::unique_ptr<event, FreeEvent>> watched_;
    std::optional<Outcome> asked_;  ///< by a signal
    std::string shown_;
};

/// Reads the file again, as nothing of the settings is in use yet.
void read_again(const std::string& path, Settings& settings)
{
    auto read = read_settings_apart(path);
    if (read) {
        settings = *std::move(read);
        spdlog::set_level(spdlog::level::from_str(settings.log_level));
        spdlog::info("{} read again", path);
        return;
    }
    for (const SettingError& error : read.error()) {
        spdlog::error("{}", to_string(error));
    }
    spdlog::error("{} is not valid: the previous settings stay in force", path);
}

/// Where what is remembered is not restored with the store: see CacheDirectory= in systemd.exec(5). Empty: nowhere.
std::string newest_record_file()
{
    const char* folder = std::getenv("CACHE_DIRECTORY");
    return folder == nullptr ? std::string() : std::string(folder) + "/newest-record";
}

}  // namespace

tl::expected<Begun, ExitCode> begin(const std::string& path, Settings& settings, event_base* loop)
{
    const auto unusable = [&settings](const std::string& error) {
        spdlog::critical("store.url: {} cannot be used: {}", settings.store.url, error);
        return tl::unexpected(kFailed);
    };
    Start start(loop);
    while (true) {
        auto database = Database::open(settings.store.url, loop);
        if (!database) {
            return unusable(database.error());
        }
        auto policy =
            std::make_unique<PolicyInForce>(**database, [] { return std::chrono::system_clock::now(); });
        auto lost_records = std::make_unique<LostRecords>(**database, newest_record_file());
        std::string secret;
        const auto share_secret = [&](const StoreCallback<void>& then) {
            read_shared_secret(**database, [&secret, then](const auto& given) {
                then(given.map([&secret](const std::string& shared) { secret = shared; }));
            });
        };
        const auto put_in_force = [&](const StoreCallback<void>& then) {
            policy->set_file(settings, [&, then](const tl::expected<void, std::string>& set) {
                if (!set) {
                    return then(set);
                }
                share_secret([&lost_records, then](const tl::expected<void, std::string>& shared) {
                    if (!shared) {
                        return then(shared);
                    }
                    lost_records->look(then);
                });
            });
        };
        const auto outcome = start.ask(put_in_force, **database);
        if (!outcome) {
            return unusable(outcome.error());
        }
        switch (*outcome) {
            case Start::Outcome::done:
                return Begun{*std::move(database), std::move(policy), std::move(secret),
                             std::move(lost_records)};
            case Start::Outcome::stop:
                spdlog::info("stopping");
                start.service_manager().stopping();
                return tl::unexpected(kStopped);
            case Start::Outcome::read_again:
                start.service_manager().reloading();
                read_again(path, settings);
                start.service_manager().ready();
                break;
        }
    }
}

}  // namespace usher
