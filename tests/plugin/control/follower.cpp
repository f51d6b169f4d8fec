#include "follower.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

namespace usher::test
{

namespace
{

std::vector<std::string> command(const std::filesystem::path& socket,
                                 const std::vector<std::string>& arguments)
{
    std::vector<std::string> command{USHERCTL_BINARY, "--socket", socket, "--json", "journal", "--follow"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

}  // namespace

Follower::Follower(const std::filesystem::path& socket, const std::vector<std::string>& arguments)
    : child_({command(socket, arguments), {}, directory_.path() / "errors", true})
{
}

const std::vector<std::string>& Follower::contacts()
{
    pollfd readable{child_.output(), POLLIN, 0};
    std::array<char, 65536> bytes;
    while (::poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0) {
        const ssize_t count = ::read(child_.output(), bytes.data(), bytes.size());
        if (count <= 0) {
            break;
        }
        unread_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    std::size_t end = 0;
    while ((end = unread_.find('\n')) != std::string::npos) {
        contacts_.push_back(nlohmann::json::parse(unread_.substr(0, end))["contact"].get<std::string>());
        unread_.erase(0, end + 1);
    }
    return contacts_;
}

void Follower::interrupt()
{
    child_.signal(SIGINT);
}

int Follower::wait_for_end()
{
    return child_.wait(within(kPatience)).value_or(-1);
}

std::string Follower::errors() const
{
    std::ifstream file(directory_.path() / "errors");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace usher::test
