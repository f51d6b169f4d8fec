#include "plugin/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace usher
{

namespace
{

/// systemd.exec(5), $JOURNAL_STREAM: device and inode of the stream that leads to the journal.
bool leads_to_journal(int fd)
{
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {
    };
    return stream != nullptr && fstat(fd, &status) == 0 &&
           std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

}  // namespace

void set_up_logging(const std::string& level)
{
    std::shared_ptr<spdlog::logger> logger;
    if (leads_to_journal(STDERR_FILENO)) {
        logger =
            std::make_shared<spdlog::logger>("usherd", std::make_shared<spdlog::sinks::systemd_sink_st>());
    } else {
        logger =
            std::make_shared<spdlog::logger>("usherd", std::make_shared<spdlog::sinks::stderr_sink_st>());
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
    }
    spdlog::set_default_logger(std::move(logger));
    spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace usher
