#include "plugin/settings/reading_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <string_view>
#include <utility>

#include "integration/base/file_descriptor.h"
#include "plugin/settings/transfer.h"

namespace usher
{

namespace
{

using Clock = std::chrono::steady_clock;

constexpr std::string_view kName = "usher-settings-reader";
constexpr std::string_view kTextName = "usher-settings-text-reader";    // from standard input
constexpr std::size_t kMaxTextBytes = std::size_t{1024} * 1024 * 1024;  // 16 MiB of rules become 40 MB

/// A file of 16 MiB takes some 500 MB where it is one of settings; of nothing but numbers it would take all there
/// is, and the system might end another process instead.
void limit_memory()
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they reserve terabytes
    const rlimit limit{kMaxTextBytes * 2, kMaxTextBytes * 2};
    ::setrlimit(RLIMIT_AS, &limit);
#endif
}

bool write_all(std::string_view text)
{
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return true;
}

/// A file with that text, at its beginning; -1 with errno set if there is none.
FileDescriptor in_memory(std::string_view text)
{
    FileDescriptor file(::memfd_create("settings", MFD_CLOEXEC));
    while (file.get() != -1 && !text.empty()) {
        const ssize_t written = ::write(file.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return FileDescriptor();
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return file.get() != -1 && ::lseek(file.get(), 0, SEEK_SET) == 0 ? std::move(file) : FileDescriptor();
}

class Spawning
{
  public:
    Spawning()
    {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
    }
    Spawning(const Spawning&) = delete;
    Spawning& operator=(const Spawning&) = delete;
    ~Spawning()
    {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }

    /// The process, with `output` as its standard output, `text` as its standard input unless it is -1, and no other
    /// descriptor of ours; 0 with errno set if there is none.
    pid_t start(const std::string& program, const std::string& path, int text, int output)
    {
        if (text == -1) {
            posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        } else {
            posix_spawn_file_actions_adddup2(&actions_, text, STDIN_FILENO);
        }
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        sigset_t all;
        sigset_t none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        std::string name(text == -1 ? kName : kTextName);
        std::string file(path);
        const std::array<char*, 3> arguments{name.data(), file.data(), nullptr};
        pid_t process = 0;
        errno = ::posix_spawn(&process, program.c_str(), &actions_, &attributes_, arguments.data(), environ);
        return errno == 0 ? process : 0;
    }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// Reads until the process closes its end. The error says what became of it instead.
tl::expected<std::string, std::string> read_pipe(int pipe, const ReadingProcess& process)
{
    const auto deadline = Clock::now() + process.patience;
    std::string text;
    std::array<char, 65536> block{};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        std::array<pollfd, 2> ready{{{pipe, POLLIN, 0}, {process.stop, POLLIN, 0}}};
        const int count = ::poll(ready.data(), ready.size(), static_cast<int>(std::max<long>(left, 0)));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return tl::unexpected("a file that took longer than " +
                                  std::to_string(process.patience.count() / 1000) + " s to read");
        }
        if (ready[1].revents != 0) {
            return tl::unexpected<std::string>("a file whose reading was stopped");
        }
        const ssize_t got = ::read(pipe, block.data(), block.size());
        if (got == 0) {
            return text;
        }
        if (got < 0 && errno != EINTR) {
            return tl::unexpected(std::string("a file that could not be read: ") + std::strerror(errno));
        }
        text.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (text.size() > kMaxTextBytes) {
            return tl::unexpected<std::string>("a file that says too much");
        }
    }
}

std::string end_of(int status)
{
    if (WIFSIGNALED(status)) {
        return std::string("something that ends the TOML parser (") + ::strsignal(WTERMSIG(status)) + ")";
    }
    return "something that the TOML parser does not finish (exit status " +
           std::to_string(WEXITSTATUS(status)) + ")";
}

}  // namespace

std::optional<int> serve_reading(int argc, char** argv)
{
    if (argc != 2 || (argv[0] != kName && argv[0] != kTextName)) {
        return std::nullopt;
    }
    limit_memory();
    if (argv[0] == kTextName) {
        const std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
        return write_all(to_lines(parse_settings(text, argv[1]))) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return write_all(to_lines(read_settings(argv[1]))) ? EXIT_SUCCESS : EXIT_FAILURE;
}

ReadSettings read_settings_apart(const std::string& path, const ReadingProcess& process)
{
    const auto refused = [&path](const std::string& found) {
        return tl::unexpected(std::vector{SettingError{
            path, 0, "", found, "TOML in which each name is one thing: a value, a list or a table"}});
    };
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return refused(std::string("a file that could not be read: ") + std::strerror(errno));
    }
    const FileDescriptor ours(ends[0]);
    FileDescriptor theirs(ends[1]);
    FileDescriptor text;
    if (process.text) {
        text = in_memory(*process.text);
        if (text.get() == -1) {
            return refused(std::string("a text that there is no room for: ") + std::strerror(errno));
        }
    }
    const pid_t reader = Spawning().start(process.program, path, text.get(), theirs.get());
    if (reader == 0) {
        return refused(std::string("a file that no process could be started to read: ") +
                       std::strerror(errno));
    }
    theirs = FileDescriptor();
    const auto lines = read_pipe(ours.get(), process);
    if (!lines) {
        ::kill(reader, SIGKILL);
    }
    int status = 0;
    while (::waitpid(reader, &status, 0) < 0 && errno == EINTR) {
    }
    if (!lines) {
        return refused(lines.error());
    }
    if (auto read = read_lines(*lines, path)) {
        return *std::move(read);
    }
    return refused(end_of(status));
}

}  // namespace usher
