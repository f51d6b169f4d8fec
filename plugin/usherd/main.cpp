// usherd: answers XMPP contact requests on users' behalf, by policy.
//
// It is not a server, a spam filter or a roster database. Read next: daemon.cpp for what runs,
// plugin/core/answerer.cpp for how a request is handled, policy/decide.cpp for the decision.
#include <spdlog/spdlog.h>

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "plugin/check/online_check.h"
#include "plugin/core/saved_values.h"
#include "plugin/people/people_file.h"
#include "plugin/settings/named_files.h"
#include "plugin/settings/reading_process.h"
#include "plugin/settings/syntax.h"
#include "plugin/settings/writer.h"
#include "plugin/store/schema.h"
#include "plugin/usherd/daemon.h"
#include "plugin/usherd/ldap_check.h"
#include "plugin/usherd/logging.h"
#include "plugin/usherd/privileges.h"
#include "plugin/usherd/store_copy.h"

int main(int argc, char** argv)
{
    if (const auto status = usher::serve_reading(argc, argv)) {
        return *status;
    }
    ::umask(077);  // the journal says who asks to see whom
    CLI::App app("Answers XMPP contact requests on users' behalf, by policy.", "usherd");
    std::string path = "/etc/usher/usher.toml";
    bool check = false;
    bool online = false;
    app.add_option("--config", path, "Settings file")->capture_default_str();
    auto* const check_option = app.add_flag(
        "--check", check,
        "Check the settings file and files of people that it names, print its settings and what the store has saved "
        "instead, and exit");
    app.add_flag("--online", online, "With --check: ask the server instead whether requests can be answered")
        ->needs(check_option);
    std::string user = "usher";
    app.add_option("--user", user, "If started as root: the user to become before anything else is done")
        ->type_name("USER")
        ->capture_default_str();
    std::string copy_to;
    app.add_option("--copy-store", copy_to,
                   "Copy the store of the settings file into this one, which must be empty, and exit")
        ->type_name("URL")
        ->excludes(check_option)
        ->check([](const std::string& url) {
            return usher::syntax::is_store_url(url) ? std::string() : usher::syntax::kStoreUrl;
        });
    std::optional<int> schema_version;
    app.add_option(
           "--print-schema", schema_version,
           "Print what makes the tables of PostgreSQL, or brings those of VERSION to the newest, and exit")
        ->type_name("VERSION")
        ->expected(0, 1)
        ->default_str("0")
        ->check(CLI::Range(0, usher::schema_version()));
    app.set_version_flag("--version", "usherd " USHER_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? usher::kStopped : usher::kUsage;
    }

    if (schema_version) {
        std::cout << usher::schema_script(*schema_version);
        return usher::kStopped;
    }
    // A check runs as the user who started it.
    if (!check) {
        if (const auto dropped = usher::drop_privileges(user); !dropped) {
            std::cerr << "usherd: " << dropped.error() << '\n';
            return usher::kUsage;
        }
        usher::keep_memory_private();  // after the change of user, which resets this to fs.suid_dumpable
    }
    auto settings = usher::read_settings_apart(path);
    if (!settings) {
        for (const usher::SettingError& error : settings.error()) {
            std::cerr << to_string(error) << '\n';
        }
        return usher::kSettings;
    }
    auto unusable = usher::check_files(*settings);
    for (const std::string& problem : unusable) {
        std::cerr << path << ": " << problem << '\n';
    }
    if (check) {  // usherd itself starts without them
        const auto unusable_people = usher::check_people_files(settings->organizations);
        for (const std::string& problem : unusable_people) {
            std::cerr << problem << '\n';
        }
        unusable.insert(unusable.end(), unusable_people.begin(), unusable_people.end());
    }
    if (!unusable.empty()) {
        return usher::kSettings;
    }
    if (online) {
        const bool directory_read = usher::check_ldap(*settings);
        const usher::ExitCode server = usher::check_online(path, *std::move(settings));
        return server == usher::kStopped && !directory_read ? usher::kFailed : server;
    }
    if (check) {
        spdlog::set_level(spdlog::level::off);  // what there is to say is said in words of its own
        std::cout
            << to_toml(*settings, usher::Sources::shown) << '\n'
            << usher::saved_beside(*settings) << "# `usherctl replay --config " << path
            << " --since 30d` shows which answers of the last 30 days would be others under this file.\n";
        return usher::kStopped;
    }
    usher::set_up_logging(settings->log_level);
    if (!copy_to.empty()) {
        return usher::copy_store_and_report(settings->store.url, copy_to);
    }
    try {
        return usher::run_daemon(path, *std::move(settings));
    } catch (const std::exception& error) {  // at the start only: callbacks of the event loop are noexcept
        spdlog::critical("usherd ends: {}", error.what());
        return usher::kFailed;
    }
}
