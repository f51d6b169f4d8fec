#include "plugin/clients/exceptions_chat.h"

#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "plugin/clients/words.h"

namespace usher
{

namespace
{

constexpr std::string_view kExceptionsHelp =
    "\nexceptions: list your exceptions (contacts and domains whose new requests your option does not decide)"
    "\nalways accept ADDRESS, never accept ADDRESS, always ask ADDRESS: add or change one; ADDRESS may be a domain"
    "\nno exception ADDRESS: remove it";

struct Phrase {
    std::string_view first;
    std::string_view second;
    std::optional<Handling> handling;
};

constexpr Phrase kPhrases[] = {
    {"always", "accept", Handling::always_accept},
    {"never", "accept", Handling::never_accept},
    {"always", "ask", Handling::always_ask},
    {"no", "exception", std::nullopt},
};

}  // namespace

std::string ExceptionsChat::help(const Address& user) const
{
    return operations_.may_choose(Actor::sender(user), user) ? std::string(kExceptionsHelp) : std::string();
}

bool ExceptionsChat::run(const std::string& text, const Address& user, const Say& say)
{
    std::istringstream words(text);
    std::string first;
    std::string second;
    std::string entry;
    std::string more;
    words >> first >> second >> entry;
    first = lower_case(first);
    second = lower_case(second);
    if (words >> more) {
        return false;
    }
    if (first == "exceptions" && second.empty()) {
        show(user, say);
        return true;
    }
    for (const Phrase& phrase : kPhrases) {
        if (first == phrase.first && second == phrase.second && !entry.empty()) {
            change({entry, phrase.handling}, user, say);
            return true;
        }
    }
    return false;
}

void ExceptionsChat::show(const Address& user, const Say& say)
{
    const Actor actor = Actor::sender(user);
    if (const auto may = operations_.may_choose(actor, user); !may) {
        return say(may.error().text);
    }
    operations_.exceptions(actor, user, [say](const Result<UserExceptions>& exceptions) {
        say(exceptions ? describe(*exceptions) : exceptions.error().text);
    });
}

void ExceptionsChat::change(const ExceptionChange& change, const Address& user, const Say& say)
{
    operations_.change_exceptions(
        Actor::sender(user), user, {change}, [change, say](const Result<UserExceptions>& saved) {
            if (!saved) {
                return say(saved.error().text);
            }
            const std::string entry = exception_entry(change.entry).value_or(change.entry);
            say(change.handling ? "Saved. From the next request on, " + entry + ": " +
                                      std::string(label(*change.handling)) + "."
                                : "Saved. There is no exception for " + entry + " any more.");
        });
}

}  // namespace usher
