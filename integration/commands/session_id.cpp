#include "integration/commands/session_id.h"

#include <charconv>
#include <cstdint>
#include <stdexcept>

#include "integration/base/digest.h"
#include "integration/base/random_token.h"

namespace usher
{

using std::chrono::milliseconds;

// An id is `milliseconds.random.basis.authentication`.

SessionIds::SessionIds(std::string key) : key_(std::move(key))
{
    if (key_.size() < kKeyBytes) {
        throw std::invalid_argument("the key of the session ids is too short");
    }
}

std::string SessionIds::make(const CommandSession& session, std::string_view node,
                             std::string_view requester) const
{
    const auto began = std::chrono::duration_cast<milliseconds>(session.began.time_since_epoch());
    const std::string text = std::to_string(began.count()) + "." + random_token() + "." + session.basis;
    return text + "." + authentication(text, node, requester);
}

std::optional<CommandSession> SessionIds::read(std::string_view id, std::string_view node,
                                               std::string_view requester) const
{
    const auto last = id.rfind('.');
    if (last == std::string_view::npos ||
        !equal_in_constant_time(id.substr(last + 1), authentication(id.substr(0, last), node, requester))) {
        return std::nullopt;
    }
    // Ours, as `make` wrote it.
    const std::string_view text = id.substr(0, last);
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    std::int64_t began = 0;
    if (first == std::string_view::npos || second == std::string_view::npos ||
        std::from_chars(text.data(), text.data() + first, began).ptr != text.data() + first) {
        return std::nullopt;
    }
    return CommandSession{std::chrono::system_clock::time_point(milliseconds(began)),
                          std::string(text.substr(second + 1))};
}

std::string SessionIds::authentication(std::string_view text, std::string_view node,
                                       std::string_view requester) const
{
    // No part can contain a zero byte, because none can be sent in XML: what is authenticated can be read in one way only.
    // The first says what the key was used for; whoever changes what an id contains changes the number.
    std::string all = "command session 1";
    for (const std::string_view part : {node, requester, text}) {
        all.push_back('\0');
        all += part;
    }
    return hmac_sha256(key_, all);
}

}  // namespace usher
