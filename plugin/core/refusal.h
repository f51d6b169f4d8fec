// How what was asked of Usher ends where it is not done: with a sentence for whoever asked.
#pragma once

#include <functional>
#include <string>

#include <tl/expected.hpp>

namespace usher
{

/// Why something was not done, in a sentence for whoever asked.
struct Refusal {
    enum class Kind {
        forbidden,    ///< not theirs to see or change; or the administrator has fixed it
        not_found,    ///< no such user, organisation, or waiting request
        invalid,      ///< cannot be understood or contradicts something
        conflict,     ///< something else was saved in the meantime
        unavailable,  ///< the server or the store cannot be reached now
    };
    Kind kind = Kind::forbidden;
    std::string text;
    /// What the store said, which may name hosts and roles: for who may use the control socket. Empty: nothing.
    std::string detail = {};
};

template <typename Value>
using Result = tl::expected<Value, Refusal>;

/// Called once, from the event loop, at once or later; never after the Operations are gone.
template <typename Value>
using Callback = std::function<void(Result<Value>)>;

[[nodiscard]] tl::unexpected<Refusal> refused(Refusal::Kind kind, std::string text);
/// Nothing was changed, because of this error of the store.
[[nodiscard]] tl::unexpected<Refusal> not_stored(const std::string& error);
[[nodiscard]] tl::unexpected<Refusal> not_read(const std::string& error);

}  // namespace usher
