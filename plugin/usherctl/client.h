// Requests to usherd's control socket: HTTP by libcurl, as usherctl needs it.
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
        bool answered = false;  ///< an error that the daemon reports; otherwise it did not answer
    };
    template <typename Value>
    using Result = tl::expected<Value, Failure>;

    /// `show_progress`: after two seconds without an answer standard error says that usherctl waits.
    ControlClient(std::string socket, bool show_progress);
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;
    ~ControlClient();

    /// Sends a request and returns the answer; an error that the daemon reports is an error here. `target` is
    /// path and query, encoded.
    [[nodiscard]] Result<Json> ask(const std::string& method, const std::string& target,
                                   const Json& body = nullptr);
    /// The same for an answer that is JSON line by line.
    [[nodiscard]] Result<std::vector<Json>> ask_lines(const std::string& target);

  private:
    class Transfer;
    /// The body of the answer.
    [[nodiscard]] Result<std::string> send(const std::string& method, const std::string& target,
                                           const Json& body);
    [[nodiscard]] Failure not_json() const;
    /// Why no daemon can be reached at the socket.
    [[nodiscard]] std::string unreachable() const;

    const std::string socket_;
    const bool show_progress_;
};

/// Percent-encodes a part of a path or query.
[[nodiscard]] std::string encoded(const std::string& text);

}  // namespace usher
