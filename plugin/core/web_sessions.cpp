#include "plugin/core/web_sessions.h"

#include <algorithm>
#include <random>
#include <utility>

#include "integration/base/digest.h"
#include "integration/base/random_token.h"

namespace usher
{

namespace
{

/// 256 random bits.
std::string secret()
{
    return random_token() + random_token();
}

/// Six characters that nobody takes for others: `K7QF-2M`.
std::string code()
{
    constexpr std::string_view kCharacters = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
    std::random_device device;
    std::uniform_int_distribution<std::size_t> any(0, kCharacters.size() - 1);
    std::string text;
    for (int i = 0; i < 6; ++i) {
        text += i == 4 ? "-" : "";
        text += kCharacters[any(device)];
    }
    return text;
}

}  // namespace

WebLink WebSessions::make_link(const Actor& actor)
{
    forget_expired();
    if (links_.size() >= kMaxLinks) {
        links_.erase(std::min_element(links_.begin(), links_.end(), [](const auto& a, const auto& b) {
            return a.second.expires < b.second.expires;
        }));
    }
    const std::string token = secret();
    links_.emplace(sha256(token), Link{actor, clock_.now() + kLinkLife});
    return {url_ + "#login=" + token, wall_clock_() + kLinkLife};
}

std::optional<WebSessions::Opened> WebSessions::open_by_link(std::string_view token)
{
    forget_expired();
    const auto found = links_.find(sha256(token));
    if (found == links_.end()) {
        return std::nullopt;
    }
    const Actor actor = found->second.actor;
    links_.erase(found);
    return open(actor);
}

std::optional<WebSessions::Attempt> WebSessions::attempt(const std::string& address,
                                                         const std::optional<Actor>& actor)
{
    forget_expired();
    const auto of_address = std::count_if(attempts_.begin(), attempts_.end(), [&address](const auto& one) {
        return one.second.address == address;
    });
    if (attempts_.size() >= kMaxAttempts || static_cast<std::size_t>(of_address) >= kMaxForAddress) {
        return std::nullopt;
    }
    Attempt made{code(), secret()};
    attempts_.emplace(sha256(made.token), Waiting{address, actor, std::nullopt, clock_.now() + kLinkLife});
    return made;
}

void WebSessions::answered(const std::string& token, bool yes)
{
    const auto found = attempts_.find(sha256(token));
    if (found != attempts_.end() && found->second.actor && !found->second.answer) {
        found->second.answer = yes;
    }
}

bool WebSessions::waits(std::string_view token)
{
    forget_expired();
    const auto found = attempts_.find(sha256(token));
    return found != attempts_.end() && !found->second.answer;
}

std::optional<WebSessions::Opened> WebSessions::open_by_attempt(std::string_view token)
{
    forget_expired();
    const auto found = attempts_.find(sha256(token));
    if (found == attempts_.end() || !found->second.actor || found->second.answer != true) {
        return std::nullopt;
    }
    const Actor actor = *found->second.actor;
    found->second.answer = false;  // once; it still counts as an attempt
    return open(actor);
}

WebSessions::Opened WebSessions::open(const Actor& actor)
{
    forget_expired();
    if (sessions_.size() >= kMaxSessions) {
        sessions_.erase(std::min_element(
            sessions_.begin(), sessions_.end(),
            [](const auto& a, const auto& b) { return a.second.last_used < b.second.last_used; }));
    }
    std::string opened = secret();
    const auto added = sessions_.emplace(
        sha256(opened),
        WebSession{random_token().substr(0, 8), actor, random_token(), wall_clock_(), clock_.now()});
    return {std::move(opened), &added.first->second};
}

const WebSession* WebSessions::find(std::string_view secret)
{
    forget_expired();
    const auto found = sessions_.find(sha256(secret));
    if (found == sessions_.end()) {
        return nullptr;
    }
    found->second.last_used = clock_.now();
    return &found->second;
}

std::list<WebSession> WebSessions::all()
{
    forget_expired();
    std::list<WebSession> all;
    for (const auto& [secret, session] : sessions_) {
        all.push_back(session);
    }
    all.sort([](const WebSession& a, const WebSession& b) { return a.id < b.id; });
    return all;
}

bool WebSessions::end(const std::string& id)
{
    return std::erase_if(sessions_, [&id](const auto& one) { return one.second.id == id; }) > 0;
}

void WebSessions::forget_expired()
{
    const Clock::Time now = clock_.now();
    std::erase_if(links_, [now](const auto& one) { return one.second.expires <= now; });
    std::erase_if(attempts_, [now](const auto& one) { return one.second.expires <= now; });
    std::erase_if(sessions_, [now](const auto& one) { return one.second.last_used + kIdle <= now; });
}

}  // namespace usher
