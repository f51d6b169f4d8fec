// Who may open the administration page: links that log in once, logins that a client is to confirm, sessions.
//
// Kept in memory only: a restart ends all of them. What a session may do is its Actor's right (operations.h). Not here: HTTP
// (web/web_page.h), and how a client is asked (clients/login_confirmation.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "integration/base/clock.h"
#include "plugin/core/actor.h"

namespace usher
{

/// A link that logs in whoever opens it first.
struct WebLink {
    /// The secret stands behind `#`, which browsers send to nobody: a program that looks a link up for a preview does not use it
    /// up, and no log has it.
    std::string url;
    std::chrono::system_clock::time_point expires;
};

struct WebSession {
    std::string id;  ///< for people, to end it by: no secret
    Actor actor;
    std::string csrf;  ///< known to pages of ours only: each request that changes something has it
    std::chrono::system_clock::time_point began;
    Clock::Time opened;
    Clock::Time last_used;
};

class WebSessions
{
  public:
    static constexpr std::chrono::minutes kLinkLife{10};
    /// A session ends when it has not been used for so long.
    static constexpr std::chrono::minutes kIdle{60};
    /// And so long after it was opened, however much it is used.
    static constexpr std::chrono::hours kLife{12};
    /// Of one actor, and in all. With one more of theirs, or else in all, the session ends that has been idle longest.
    static constexpr std::size_t kMaxSessionsOfActor = 4;
    static constexpr std::size_t kMaxSessions = 12;
    /// The same; with one more the oldest is no longer valid.
    static constexpr std::size_t kMaxLinksOfActor = 10;
    static constexpr std::size_t kMaxLinks = 100;
    /// Logins to be confirmed, in kLinkLife: for one address, and in all.
    static constexpr std::size_t kMaxForAddress = 5;
    static constexpr std::size_t kMaxAttempts = 60;

    /// `url` is the page's, with a slash at its end. `clock` must outlive the object.
    WebSessions(Clock& clock, std::function<std::chrono::system_clock::time_point()> wall_clock,
                std::string url)
        : clock_(clock), wall_clock_(std::move(wall_clock)), url_(std::move(url))
    {
    }

    [[nodiscard]] const std::string& url() const { return url_; }

    [[nodiscard]] WebLink make_link(const Actor& actor);

    /// A session that was opened, and its secret, which only the browser gets.
    struct Opened {
        std::string secret;
        const WebSession* session;  ///< valid until the next call that opens or ends one
    };
    /// Nothing for a link that is used, too old, or none of ours: nobody is told which.
    [[nodiscard]] std::optional<Opened> open_by_link(std::string_view token);

    /// A login that waits until the address's client has confirmed it.
    struct Attempt {
        std::string code;   ///< which page and client show
        std::string token;  ///< by which the page asks for the outcome
    };
    /// Nothing if there have been too many. `actor` is who the address is, if it may log in; if not, the attempt is never
    /// confirmed, and looks the same.
    [[nodiscard]] std::optional<Attempt> attempt(const std::string& address,
                                                 const std::optional<Actor>& actor);
    /// What the client says.
    void answered(const std::string& token, bool yes);
    /// Whether the attempt still waits for that.
    [[nodiscard]] bool waits(std::string_view token);
    /// Nothing as for open_by_link(), or when it was not confirmed.
    [[nodiscard]] std::optional<Opened> open_by_attempt(std::string_view token);

    /// Null if there is none. Counts as a use of it.
    [[nodiscard]] const WebSession* find(std::string_view secret);
    /// Those that have not ended, by their ids.
    [[nodiscard]] std::list<WebSession> all();
    /// Ends this session alone, for whose it is.
    void log_out(const std::string& id);
    /// Ends somebody's session, and the links that they have not used: who got hold of one may have made others. Returns false
    /// if there is none with this id.
    bool end(const std::string& id);
    /// Ends all that has been opened or begun for those of whom `gone` is true.
    void end_those_of(const std::function<bool(const Actor&)>& gone);

  private:
    struct Link {
        Actor actor;
        Clock::Time expires;
    };
    struct Waiting {
        std::string address;
        std::optional<Actor> actor;
        std::optional<bool> answer;
        Clock::Time expires;
    };

    [[nodiscard]] Opened open(const Actor& actor);
    void forget_expired();

    Clock& clock_;
    const std::function<std::chrono::system_clock::time_point()> wall_clock_;
    const std::string url_;
    // By the secret's hash: who could read our memory, or a dump of it, would still not have the secret.
    std::map<std::string, Link, std::less<>> links_;
    std::map<std::string, Waiting, std::less<>> attempts_;
    std::map<std::string, WebSession, std::less<>> sessions_;
};

}  // namespace usher
