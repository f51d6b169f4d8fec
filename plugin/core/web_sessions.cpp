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

/// Erases the least of those that count, if there are `max` of them.
template <typename Map, typename Counts, typename Less>
void make_room(Map& map, std::size_t max, const Counts& counts, const Less& less)
{
    std::vector<typename Map::iterator> counted;
    for (auto one = map.begin(); one != map.end(); ++one) {
        if (counts(one->second)) {
            counted.push_back(one);
        }
    }
    if (counted.size() >= max) {
        map.erase(*std::min_element(counted.begin(), counted.end(), [&less](const auto& a, const auto& b) {
            return less(a->second, b->second);
        }));
    }
}

}  // namespace

WebLink WebSessions::make_link(const Actor& actor)
{
    forget_expired();
    const auto older = [](const Link& a, const Link& b) { return a.expires < b.expires; };
    make_room(links_, kMaxLinksOfActor, [&actor](const Link& one) { return one.actor == actor; }, older);
    make_room(links_, kMaxLinks, [](const Link&) { return true; }, older);
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
    const auto idler = [](const WebSession& a, const WebSession& b) { return a.last_used < b.last_used; };
    make_room(
        sessions_, kMaxSessionsOfActor, [&actor](const WebSession& one) { return one.actor == actor; },
        idler);
    make_room(sessions_, kMaxSessions, [](const WebSession&) { return true; }, idler);
    std::string opened = secret();
    const auto added =
        sessions_.emplace(sha256(opened), WebSession{random_token().substr(0, 8), actor, random_token(),
                                                     wall_clock_(), clock_.now(), clock_.now()});
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

void WebSessions::log_out(const std::string& id)
{
    std::erase_if(sessions_, [&id](const auto& one) { return one.second.id == id; });
}

bool WebSessions::end(const std::string& id)
{
    forget_expired();
    const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&id](const auto& one) { return one.second.id == id; });
    if (found == sessions_.end()) {
        return false;
    }
    std::erase_if(links_, [&found](const auto& one) { return one.second.actor == found->second.actor; });
    sessions_.erase(found);
    return true;
}

void WebSessions::end_those_of(const std::function<bool(const Actor&)>& gone)
{
    const auto is_gone = [&gone](const auto& one) { return gone(one.second.actor); };
    std::erase_if(links_, is_gone);
    std::erase_if(sessions_, is_gone);
    for (auto& [token, waiting] : attempts_) {
        if (waiting.actor && gone(*waiting.actor)) {
            waiting.actor.reset();  // it still counts, and looks like any other
        }
    }
}

void WebSessions::forget_expired()
{
    const Clock::Time now = clock_.now();
    std::erase_if(links_, [now](const auto& one) { return one.second.expires <= now; });
    std::erase_if(attempts_, [now](const auto& one) { return one.second.expires <= now; });
    std::erase_if(sessions_, [now](const auto& one) {
        return one.second.last_used + kIdle <= now || one.second.opened + kLife <= now;
    });
}

}  // namespace usher
