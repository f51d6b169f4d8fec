#include "plugin/usherctl/setup_command.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "integration/base/file_descriptor.h"
#include "integration/base/trim.h"
#include "plugin/files/secret_file.h"
#include "plugin/settings/reader.h"
#include "plugin/settings/reading_process.h"
#include "plugin/text/lists.h"
#include "plugin/text/terminal.h"
#include "plugin/usherctl/exit_codes.h"

namespace usher
{

namespace
{

namespace fs = std::filesystem;

/// Thrown to end the command with a message.
struct End {
    int status;
    std::string why;
};

[[noreturn]] void fail(const std::string& why)
{
    throw End{kFailed, why};
}

std::string ask(const std::string& question, const std::string& flag, const std::string& usual = {})
{
    if (::isatty(STDIN_FILENO) == 0) {
        throw End{kUsage, flag + " is not given, and there is nobody to ask"};
    }
    std::cerr << question << (usual.empty() ? "" : " [" + usual + "]") << ": " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer)) {
        std::cerr << "\n";
        fail("no answer: nothing was changed");
    }
    const std::string_view given = trimmed(answer);
    return given.empty() ? usual : std::string(given);
}

/// Asks until the answer is one of `kinds`.
template <typename Kind>
Kind ask_kind(const std::string& question, const std::string& flag, const std::string& usual,
              const std::vector<std::pair<std::string, Kind>>& kinds)
{
    for (;;) {
        const std::string answer = ask(question, flag, usual);
        for (const auto& [name, kind] : kinds) {
            if (answer == name) {
                return kind;
            }
        }
    }
}

ServerKind ask_server()
{
    const bool prosody = fs::exists("/etc/prosody");
    const bool ejabberd = fs::exists("/etc/ejabberd");
    return ask_kind<ServerKind>("The server: prosody or ejabberd", "--server",
                                prosody == ejabberd ? ""
                                : prosody           ? "prosody"
                                                    : "ejabberd",
                                {{"prosody", ServerKind::prosody}, {"ejabberd", ServerKind::ejabberd}});
}

std::vector<std::string> ask_domains()
{
    std::string answer;
    while (answer.empty()) {
        answer =
            ask("The domain of the users' addresses, such as example.org (several: with commas)", "--domain");
    }
    std::vector<std::string> domains;
    for (std::size_t begin = 0; begin <= answer.size();) {
        const std::size_t end = std::min(answer.find_first_of(", ", begin), answer.size());
        if (end > begin) {
            domains.push_back(answer.substr(begin, end - begin));
        }
        begin = end + 1;
    }
    return domains;
}

std::string because(const fs::path& path)
{
    return path.string() + ": " + std::strerror(errno);
}

/// The group of usherd, which may read the files and not write them. Nothing if we are not root, or there is
/// no such group.
std::optional<gid_t> service_group()
{
    if (::geteuid() != 0) {
        return std::nullopt;
    }
    group entry{};
    group* found = nullptr;
    std::array<char, 4096> texts{};
    if (::getgrnam_r("usher", &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return found->gr_gid;
}

/// Writes a file that does not exist yet: whole, or not at all.
void write_new(const fs::path& path, const std::string& text)
{
    const fs::path unfinished = path.string() + ".new";
    ::unlink(unfinished.c_str());
    const FileDescriptor file(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) {
        fail(because(path) + (errno == EACCES ? ": run usherctl setup as root" : ""));
    }
    bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (const auto group = service_group()) {
        written = written && ::fchown(file.get(), 0, *group) == 0 && ::fchmod(file.get(), 0640) == 0;
    }
    written = written && ::fsync(file.get()) == 0;
    const bool placed = written && ::link(unfinished.c_str(), path.c_str()) == 0;
    const int error = errno;
    ::unlink(unfinished.c_str());
    if (!placed) {
        errno = error;
        fail(because(path));
    }
    std::cerr << "Written: " << path.string() << "\n";
}

/// The secret in that file, which is made if it does not exist.
std::string secret_in(const fs::path& path)
{
    if (!fs::exists(path)) {
        write_new(path, new_secret() + "\n");
    }
    auto secret = read_secret(path.string());
    if (!secret) {
        fail(secret.error());
    }
    if (secret->find_first_of("\"\\") != std::string::npos) {
        fail(path.string() + ": a secret with \" or \\ cannot be quoted for the server: choose another");
    }
    return *secret;
}

std::string described(const Installation& installation)
{
    return printable(installation.own + " for " + joined(installation.domains, " "));
}

bool same_domains(std::vector<std::string> a, std::vector<std::string> b)
{
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
}

class Command
{
  public:
    explicit Command(SetupOrder order) : order_(std::move(order))
    {
        order_.settings_file = fs::absolute(order_.settings_file).lexically_normal();
    }

    int run()
    {
        const bool there = fs::exists(order_.settings_file);
        if (!order_.server) {
            order_.server = ask_server();
        }
        if (there && !order_.replace) {
            auto present = read_settings_apart(order_.settings_file.string());
            if (!present) {
                std::string errors;
                for (const SettingError& error : present.error()) {
                    errors += to_string(error) + "\n";
                }
                fail(errors + order_.settings_file.string() + " is kept; with --replace it is written anew");
            }
            const Installation found = installation(*present, *order_.server);
            if (is_as_ordered(found)) {
                std::cerr << "Kept as it is: " << order_.settings_file.string() << "\n";
                return show(found, *present);
            }
            std::cerr << order_.settings_file.string() << " says otherwise: " << described(found) << "\n";
            if (::isatty(STDIN_FILENO) == 0 || ask("Replace it? yes or no", "--replace", "no") != "yes") {
                show(found, *present);
                fail("the settings are kept, and what is printed goes with them; --replace writes them anew");
            }
            if (order_.domains.empty()) {
                order_.domains = found.domains;
            }
        }
        return write(there);
    }

  private:
    [[nodiscard]] fs::path secret_file(LoginKind login) const
    {
        return order_.settings_file.parent_path() / (login == LoginKind::component ? "secret" : "password");
    }

    /// What was not ordered may be as it is.
    [[nodiscard]] bool is_as_ordered(const Installation& present)
    {
        return (order_.domains.empty() || same_domains(present.domains, wanted().domains)) &&
               (!order_.login || present.login == *order_.login);
    }

    /// What was ordered, with prepared domains. Fails with the settings' own words if they are not valid.
    Installation wanted()
    {
        Installation wanted;
        wanted.server = *order_.server;
        wanted.login = order_.login.value_or(LoginKind::component);
        wanted.domains = order_.domains;
        wanted.own = usual_address(wanted.login, wanted.domains.front());
        const auto read =
            parse_settings(settings_text(wanted, secret_file(wanted.login).string(), false), "");
        if (!read) {
            const auto& errors = read.error();
            const auto about_domains = std::find_if(
                errors.begin(), errors.end(),
                [](const SettingError& error) { return error.key.find("domains") != std::string::npos; });
            const SettingError& error = about_domains == errors.end() ? errors.front() : *about_domains;
            fail("--domain: found " + error.found + "; accepted: " + error.accepted);
        }
        return installation(*read, wanted.server);
    }

    int write(bool there)
    {
        if (order_.domains.empty()) {
            order_.domains = ask_domains();
        }
        static_cast<void>(wanted());  // before the next question
        if (!order_.login && ::isatty(STDIN_FILENO) != 0) {
            order_.login = ask_kind<LoginKind>(
                "How Usher logs in: as a component (usherd on the server's machine) or as an account",
                "--login", "component",
                {{"component", LoginKind::component}, {"account", LoginKind::account}});
        }
        if (!order_.page && ::isatty(STDIN_FILENO) != 0) {
            order_.page = ask_kind<bool>("The administration page, for browsers on this machine: yes or no",
                                         "--page", "yes", {{"yes", true}, {"no", false}});
        }
        const Installation installed = wanted();
        const fs::path& file = order_.settings_file;
        if (::mkdir(file.parent_path().c_str(), 0750) == 0) {
            if (const auto group = service_group();
                group && ::chown(file.parent_path().c_str(), 0, *group) != 0) {
                fail(because(file.parent_path()));
            }
        } else if (errno != EEXIST) {
            fail(because(file.parent_path()));
        }
        if (there) {
            const std::string old = file.string() + ".old";
            if (::rename(file.c_str(), old.c_str()) != 0) {
                fail(because(file));
            }
            std::cerr << "Moved aside: " << old << "\n";
        }
        const fs::path secret = secret_file(installed.login);
        static_cast<void>(secret_in(secret));
        write_new(file, settings_text(installed, secret.string(), order_.page.value_or(false)));
        const auto settings = read_settings(file.string());
        if (!settings) {
            throw std::logic_error("the settings just written are not valid: " +
                                   to_string(settings.error().front()));
        }
        return show(installed, *settings);
    }

    static int show(const Installation& installed, const Settings& settings)
    {
        const std::string& file = credentials_file(settings.connection);
        std::cout << server_configuration(installed, secret_in(file)) << std::flush;
        if (!std::cout) {
            fail("standard output cannot be written");
        }
        std::cerr << next_steps(installed, file, !settings.web.listen.empty());
        return kDone;
    }

    SetupOrder order_;
};

}  // namespace

int set_up(SetupOrder order)
{
    try {
        return Command(std::move(order)).run();
    } catch (const End& end) {
        std::cerr << printable_lines(end.why, "usherctl: ");
        return end.status;
    }
}

}  // namespace usher
