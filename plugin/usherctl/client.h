// The other end of the control socket: HTTP by libcurl, as usherctl needs it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace usher
{

class ControlClient
{
  public:
    using Json = nlohmann::ordered_json;
    template <typename Value>
    using Result = tl::expected<Value, std::string>;  // the error is for people

    /// `show_progress`: after two seconds without an answer standard error says that it is waited for.
    ControlClient(std::string socket, bool show_progress);
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;
    ~ControlClient();

    /// The answer; an error that the daemon reports is an error here. `target` is path and query, encoded.
    [[nodiscard]] Result<Json> ask(const std::string& method, const std::string& target,
                                   const Json& body = nullptr);
    /// Calls `line` with every line of an answer, as it comes, until the answer ends or `line` returns false.
    [[nodiscard]] Result<void> read_lines(const std::string& target, std::function<bool(const Json&)> line);

  private:
    class Transfer;
    /// Why nobody answers at the socket.
    [[nodiscard]] std::string unreachable() const;

    const std::string socket_;
    const bool show_progress_;
};

/// A part of a path or query, percent-encoded.
[[nodiscard]] std::string encoded(std::string_view text);

}  // namespace usher
