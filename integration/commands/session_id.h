// Ids of command sessions (XEP-0050), which carry all that the session is.
//
// Several instances answer at one address, and any of them may get a user's next stanza. So no instance remembers a
// session: its id says when it began and what its form was made of, and is authenticated with a key that all instances
// share. It holds for one command and one full address. It stays the same while the session lasts, because there are
// clients that give up when it changes; so a session has one form. Nothing in it is secret.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace usher
{

struct CommandSession {
    std::chrono::system_clock::time_point began;  ///< to the millisecond
    std::string basis;                            ///< see CommandForm
};

class SessionIds
{
  public:
    /// 32 bytes.
    static constexpr std::size_t kKeyBytes = 32;

    /// The key must be kKeyBytes that nobody can guess; std::invalid_argument if it is shorter. Who knows it can make ids,
    /// which gives nobody a permission that they do not have.
    explicit SessionIds(std::string key);

    /// Two sessions never have the same id.
    [[nodiscard]] std::string make(const CommandSession& session, std::string_view node,
                                   std::string_view requester) const;
    /// Nothing if the id was not made with this key, for this command and this full address.
    [[nodiscard]] std::optional<CommandSession> read(std::string_view id, std::string_view node,
                                                     std::string_view requester) const;

  private:
    [[nodiscard]] std::string authentication(std::string_view text, std::string_view node,
                                             std::string_view requester) const;

    std::string key_;
};

}  // namespace usher
