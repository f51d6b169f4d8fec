// The other end of the control socket: HTTP by libcurl, as usherctl needs it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace usher
{

class ControlClient
{
  public:
    using Json = nlohmann::ordered_json;
    /// Why there is no answer.
    struct Failure {
        std::string text;       ///< for people
        bool answered = false;  ///< the daemon says so; otherwise it could not be asked
    };
    template <typename Value>
    using Result = tl::expected<Value, Failure>;

    /// `show_progress`: after two seconds without an answer standard error says that it is waited for.
    ControlClient(std::string socket, bool show_progress);
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;
    ~ControlClient();

    /// The answer; an error that the daemon reports is an error here. `target` is path and query, encoded.
    [[nodiscard]] Result<Json> ask(const std::string& method, const std::string& target,
                                   const Json& body = nullptr);
    /// An answer that is JSON line by line.
    [[nodiscard]] Result<std::vector<Json>> ask_lines(const std::string& target);

  private:
    class Transfer;
    /// The body of the answer.
    [[nodiscard]] Result<std::string> send(const std::string& method, const std::string& target,
                                           const Json& body);
    [[nodiscard]] Failure not_json() const;
    /// Why nobody answers at the socket.
    [[nodiscard]] std::string unreachable() const;

    const std::string socket_;
    const bool show_progress_;
};

/// A part of a path or query, percent-encoded.
[[nodiscard]] std::string encoded(const std::string& text);

}  // namespace usher
