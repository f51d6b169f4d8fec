#include "plugin/usherd/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace usher
{

namespace
{

/// systemd.exec(5): $JOURNAL_STREAM has device and inode of the stream that is connected to the journal.
bool leads_to_journal(int fd)
{
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status{};
    return stream != nullptr && fstat(fd, &status) == 0 &&
           std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

bool to_journal = false;

iovec bytes(const std::string& text)
{
    return {const_cast<char*>(text.data()), text.size()};  // sd_journal_sendv(3) only reads it
}

}  // namespace

void set_up_logging(const std::string& level)
{
    std::shared_ptr<spdlog::logger> logger;
    to_journal = leads_to_journal(STDERR_FILENO);
    if (to_journal) {
        logger =
            std::make_shared<spdlog::logger>("usherd", std::make_shared<spdlog::sinks::systemd_sink_mt>());
    } else {
        logger =
            std::make_shared<spdlog::logger>("usherd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
    }
    spdlog::set_default_logger(std::move(logger));
    spdlog::set_level(spdlog::level::from_str(level));
}

void log_info(const std::string& message,
              std::initializer_list<std::pair<std::string_view, std::string_view>> fields)
{
    if (!to_journal) {
        spdlog::info("{}", message);
        return;
    }
    if (!spdlog::should_log(spdlog::level::info)) {
        return;
    }
    std::vector<std::string> texts{"MESSAGE=" + message, "PRIORITY=" + std::to_string(LOG_INFO),
                                   "SYSLOG_IDENTIFIER=usherd"};
    for (const auto& [name, value] : fields) {
        texts.push_back(std::string(name) + "=" + std::string(value));
    }
    std::vector<iovec> parts;
    for (const std::string& text : texts) {
        parts.push_back(bytes(text));
    }
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace usher
